"""semanticDescriptor, ontology and ontologyRepository: valid RDF, SPARQL updates, validation (SEM-1, SEM-2, SEM-4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cse.behaviour import Behaviour
from cse.core import Call
from cse.operations.change import Draft
from cse.primitive import ResponsePrimitive
from cse.rdf import documents, sparql
from cse.semantic_validation import validate
from cse.semantics import bounded
from resources.datatypes import Invalid
from resources.errors import BadRequest, OriginatorError
from resources.model import Permission
from resources.semantic_descriptor import SEMANTIC_DESCRIPTOR
from resources.semantic_mashup_instance import SEMANTIC_MASHUP_INSTANCE
from resources.semantic_mashup_job_profile import SEMANTIC_MASHUP_JOB_PROFILE
from resources.semantic_mashup_result import SEMANTIC_MASHUP_RESULT
from resources.status import Status

VALIDATED = frozenset({"dcrp", "dsp", "soe", "or", "rels", "vlde"})
NOTHING, MODIFIED = 0, 9
#: Numbers of the types that have one descriptor at most.
ONE_DESCRIPTOR = frozenset({SEMANTIC_MASHUP_JOB_PROFILE.number, SEMANTIC_MASHUP_INSTANCE.number,
                            SEMANTIC_MASHUP_RESULT.number})


class DescriptorBehaviour(Behaviour):
    """What a ``semanticDescriptor`` says is valid RDF, and where wanted consistent with its ontology."""

    async def prepare(self, draft: Draft) -> None:
        """SEM-1, SEM-2."""
        if draft.current is None or not VALIDATED.isdisjoint(draft.given):
            await check_document(draft, "dcrp", "dsp")
            draft.attributes.pop("svd", None)
            if draft.attributes.get("vlde"):
                await validate(draft.call, draft.attributes)
                draft.attributes["svd"] = True
        if draft.parent is not None and draft.parent.type.number in ONE_DESCRIPTOR:
            check_only_one(draft)


class OntologyBehaviour(Behaviour):
    """The text of an ``ontology`` is valid in its format; in format 1 it is an address."""

    async def prepare(self, draft: Draft) -> None:
        """SEM-4."""
        attributes = draft.attributes
        if draft.current is not None and draft.given.keys().isdisjoint(("ontf", "ontc", "soe")):
            return
        if not isinstance(attributes["ontc"], str):
            raise BadRequest("ontc: expected a text: an address with ontf 1, else base64")
        if attributes["ontf"] != documents.IRI:
            await check_document(draft, "ontf", "ontc")
        elif "://" not in attributes["ontc"] and not attributes["ontc"].startswith(("/", "urn:")):
            raise BadRequest("ontc: ontf 1 (IRI) needs an address")
        elif attributes.pop("soe", None) is not None:
            raise BadRequest("soe: an ontology that is an address cannot be updated by SPARQL")


async def check_document(draft: Draft, format_: str, document: str) -> None:
    """The document is valid in its format; an update by SPARQL (``soe``) is done and leaves no trace of itself."""
    attributes = draft.attributes
    update = attributes.pop("soe", None)
    if update is not None and document in draft.given:
        raise BadRequest(f"soe: is an update of {document}; give one of them")
    core, number, text = draft.call.core, attributes[format_], attributes[document]
    graph = await bounded(core, document, lambda: documents.read(document, number, text))
    if update is not None:
        attributes[document] = await bounded(
            core, "soe", lambda: documents.write(sparql.updated("soe", graph, update), number))


def check_only_one(draft: Draft) -> None:
    """SEM-4: there is one of this type at its place at most."""
    for other in draft.parent.children.values() if draft.parent is not None and draft.current is None else ():
        if other.type.number == draft.type.number:
            raise BadRequest(f"ty: {other.path} is the {draft.type.name} here already; one is possible")


class RepositoryBehaviour(Behaviour):
    """An ``ontologyRepository``: its virtual child ``smv`` validates a descriptor that is not stored."""

    async def prepare(self, draft: Draft) -> None:
        """SEM-4: a CSE has one."""
        check_only_one(draft)

    async def virtual(self, call: Call) -> ResponsePrimitive:
        """An UPDATE of ``smv`` with a descriptor; the answer has it with ``svd``."""
        call.require(call.target.resource, Permission.UPDATE)
        core = self.core
        type_ = core.registry.by_number[SEMANTIC_DESCRIPTOR.number]
        given = core.validator.root_of(type_, call.request.content or {})
        for short, value in given.items():
            row = type_.by_short.get(short)
            if row is None:
                raise BadRequest(f"{short!r:.80} is no attribute of {type_.name}")
            try:
                row.type.check(value)
            except Invalid as problem:
                raise BadRequest(str(problem.within(short))) from None
        for short in ("dcrp", "dsp"):
            if short not in given:
                raise BadRequest(f"{short}: is missing; a descriptor has it")
        if "or" not in given:
            raise OriginatorError("or: is missing; a descriptor is validated against its ontology",
                                  Status.CONTENTS_UNACCEPTABLE)
        await bounded(core, "dsp", lambda: documents.read("dsp", given["dcrp"], given["dsp"]))
        await validate(call, given)
        return ResponsePrimitive(Status.UPDATED, content=self._shown(call, type_.root, given))

    @staticmethod
    def _shown(call: Call, root: str, given: Mapping[str, Any]) -> dict[str, Any] | None:
        rcn = call.request.result_content
        if rcn == NOTHING:
            return None
        return {root: {"svd": True} if rcn == MODIFIED else {**given, "svd": True}}
