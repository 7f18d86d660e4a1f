"""Management objects and commands (TS-0004 6.3.5)."""

from typing import Any

from resources.datatypes import Invalid, Member, complex_type
from resources.enumerations import mgmt_definition, network_action, status, wifi_encryption_type
from resources.simple_types import (
    any_type,
    any_uri,
    nc_name,
    non_negative_integer,
    positive_integer,
    resource_name,
    string,
    timestamp,
)

#: What goes with each wifiEncryptionType: the members it must have, and those it may have.
WIFI_KEYS: dict[int, tuple[frozenset[str], frozenset[str]]] = {
    1: (frozenset(), frozenset()),
    2: (frozenset({"wepk"}), frozenset({"wepk"})),
    **dict.fromkeys((3, 4, 5), (frozenset({"wpap"}), frozenset({"wpap"}))),
    **dict.fromkeys((6, 7, 8), (frozenset(), frozenset({"unm", "pwd"}))),
}


def _wifi_keys(value: dict[str, Any]) -> None:
    kind = value["enct"]
    needed, allowed = WIFI_KEYS[kind]
    given = value.keys() - {"enct"}
    if not needed <= given <= allowed:
        names = ", ".join(sorted(allowed)) or "nothing else"
        raise Invalid(f"enct {kind} goes with {names}; got {', '.join(sorted(given)) or 'nothing else'}")


action_status = complex_type("m2m:actionStatus", Member("acn", "action", any_uri), Member("sus", "status", status))
any_arg_type = complex_type(
    "m2m:anyArgType", Member("nm", "name", nc_name, "1"), Member("val", "value", any_type, "1")
)
reset_args_type = complex_type("m2m:resetArgsType", Member("any", "anyArg", any_arg_type, "0..n"))
reboot_args_type = complex_type("m2m:rebootArgsType", Member("any", "anyArg", any_arg_type, "0..n"))
upload_args_type = complex_type(
    "m2m:uploadArgsType",
    Member("ftyp", "fileType", string, "1"),
    Member("url", "URL", any_uri, "1"),
    Member("unm", "username", string, "1"),
    Member("pwd", "password", string, "1"),
    Member("any", "anyArg", any_arg_type, "0..n"),
)
download_args_type = complex_type(
    "m2m:downloadArgsType",
    Member("ftyp", "fileType", string, "1"),
    Member("url", "URL", any_uri, "1"),
    Member("unm", "username", string, "1"),
    Member("pwd", "password", string, "1"),
    Member("fsi", "filesize", positive_integer, "1"),
    Member("tgf", "targetFile", string, "1"),
    Member("dss", "delaySeconds", positive_integer, "1"),
    Member("surl", "successURL", any_uri, "1"),
    Member("stt", "startTime", timestamp, "1"),
    Member("cpt", "completeTime", timestamp, "1"),
    Member("any", "anyArg", any_arg_type, "0..n"),
)
software_install_args_type = complex_type(
    "m2m:softwareInstallArgsType",
    Member("url", "URL", any_uri, "1"),
    Member("uuid", "UUID", string, "1"),
    Member("unm", "username", string, "1"),
    Member("pwd", "password", string, "1"),
    Member("eer", "executionEnvRef", string, "1"),
    Member("any", "anyArg", any_arg_type, "0..n"),
)
software_update_args_type = complex_type(
    "m2m:softwareUpdateArgsType",
    Member("uuid", "UUID", string, "1"),
    Member("vr", "version", string, "1"),
    Member("url", "URL", any_uri, "1"),
    Member("unm", "username", string, "1"),
    Member("pwd", "password", string, "1"),
    Member("eer", "executionEnvRef", string, "1"),
    Member("any", "anyArg", any_arg_type, "0..n"),
)
software_uninstall_args_type = complex_type(
    "m2m:softwareUninstallArgsType",
    Member("uuid", "UUID", string, "1"),
    Member("vr", "version", string, "1"),
    Member("eer", "executionEnvRef", string, "1"),
    Member("any", "anyType", any_arg_type, "0..n"),
)
exec_req_args_list_type = complex_type(
    "m2m:execReqArgsListType",
    Member("rst", "reset", reset_args_type, "0..n"),
    Member("rbo", "reboot", reboot_args_type, "0..n"),
    Member("uld", "upload", upload_args_type, "0..n"),
    Member("dld", "download", download_args_type, "0..n"),
    Member("swin", "softwareInstall", software_install_args_type, "0..n"),
    Member("swup", "softwareUpdate", software_update_args_type, "0..n"),
    Member("swun", "softwareUninstall", software_uninstall_args_type, "0..n"),
)
mgmt_link_ref = complex_type(
    "m2m:mgmtLinkRef",
    Member("val", "(base content)", any_uri, "1"),
    Member("nm", "name", resource_name, "1"),
    Member("typ", "type", mgmt_definition, "1"),
)
back_off_parameters_set = complex_type(
    "backOffParametersSet",
    Member("nwa", "networkAction", network_action),
    Member("ibt", "initialBackoffTime", non_negative_integer, "1"),
    Member("abt", "additionalBackoffTime", non_negative_integer, "1"),
    Member("mbt", "maximumBackoffTime", non_negative_integer, "1"),
    Member("rbt", "optionalRandomBackoffTime", non_negative_integer),
)
back_off_parameters = complex_type(
    "m2m:backOffParameters", Member("bops", "backOffParametersSet", back_off_parameters_set, "1..n")
)
wifi_credentials = complex_type(
    "dcfg:wifiCredentials",
    Member("enct", "encryptionType", wifi_encryption_type, "1"),
    Member("unm", "username", string),
    Member("pwd", "password", string),
    Member("wepk", "wepKey", string),
    Member("wpap", "wpaPsk", string),
    also=_wifi_keys,
)
