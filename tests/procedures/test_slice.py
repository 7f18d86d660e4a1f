"""Notifications end to end at the level of the primitive."""

from tests.rig import Rig, only


async def test_sub_20_a_new_instance_is_notified_once_it_is_stored(rig: Rig) -> None:
    await rig.made("cse/cae1", 3, {"rn": "c1"}, "Cae1")
    await rig.made("cse/cae1/c1", 23, {"rn": "s1", "nu": ["http://sink/a"], "enc": {"net": [3]}}, "Cae1")
    instance = await rig.made("cse/cae1/c1", 4, {"con": "21.5"}, "Cae1")
    (content,) = rig.sink.contents("http://sink/a")
    assert content["m2m:sgn"]["nev"] == {"rep": {"m2m:cin": instance}, "net": 3}
    assert content["m2m:sgn"]["sur"] == "/banyan/cse/cae1/c1/s1"
    assert only(await rig.retrieve("cse/cae1/c1", "Cae1"))["cni"] == 1
