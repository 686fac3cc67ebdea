"""The wire contract, row by row.

It runs over every way to reach the server: Chalice's test client, a function URL, `chalice local`,
and the package under AWS's own runtime.
"""

import json
from collections.abc import Mapping

import pytest

from chalicelib.channels import Channels
from chalicelib.handlers import HANDLERS
from chalicelib.limits import (
    MAX_BATCH,
    MAX_BODY_BYTES,
    MAX_CANDIDATE_BYTES,
    MAX_DEPTH,
    MAX_DESCRIPTION_BYTES,
    MAX_TTL_SECONDS,
)
from harness.clock import Clock
from harness.contract import (
    NEEDED,
    NOBODYS_ID,
    NOT_THE_OWNER,
    OWNER,
    STRANGER,
    VALUES,
    WRITES,
    assert_accepted,
    assert_refused,
    open_channel,
    open_owned_channel,
    state,
    whole,
)
from harness.naming import name_of
from harness.service import app_over, each_way_in_turn, every_way
from harness.transports import JSON, Post, over_handler

NEEDS = [(method, field) for method, fields in NEEDED.items() for field in fields]
LIMITS = {
    "channel_id": 36,
    "offer": MAX_DESCRIPTION_BYTES,
    "answer": MAX_DESCRIPTION_BYTES,
    "candidate": MAX_CANDIDATE_BYTES,
}
BAD_TTLS: list[object] = ["60", None, True, 0, -1, 60.0, 0.5, [60]]
NO_STRINGS: list[object] = [None, True, 0, 10**20, [], ["x" * 16], {}]


def test_the_server_has_exactly_the_methods_of_the_contract() -> None:
    assert list(HANDLERS) == list(NEEDED)


@every_way
def test_each_peer_reads_what_the_other_wrote(post: Post) -> None:
    channel_id = open_channel(post)

    assert_accepted(post({"method": "create_offer", "channel_id": channel_id, "offer": "an offer"}), {})
    assert_accepted(post({"method": "get_offer", "channel_id": channel_id}), {"offer": "an offer"})
    assert_accepted(post({"method": "create_answer", "channel_id": channel_id, "answer": "an answer"}), {})
    assert_accepted(post({"method": "get_answer", "channel_id": channel_id}), {"answer": "an answer"})
    assert_accepted(post({"method": "get_candidates", "channel_id": channel_id}), {"items": []})
    for candidate in ("b", "a", "b", "c"):
        assert_accepted(post({"method": "create_candidate", "channel_id": channel_id, "candidate": candidate}), {})
    assert_accepted(post({"method": "get_candidates", "channel_id": channel_id}), {"items": ["b", "a", "c"]})


@each_way_in_turn
def test_reading_a_missing_description_is_refused(post: Post) -> None:
    channel_id = open_channel(post)

    assert_refused(post({"method": "get_offer", "channel_id": channel_id}), "no offer yet")
    assert_refused(post({"method": "get_answer", "channel_id": channel_id}), "no answer yet")


@every_way
def test_a_second_offer_is_accepted_and_a_second_answer_is_refused(post: Post) -> None:
    channel_id = open_channel(post)
    for method in ("create_offer", "create_answer"):
        post(whole(method, channel_id))

    answer = post({"method": "create_answer", "channel_id": channel_id, "answer": "another"})
    same = post(whole("create_answer", channel_id))
    offer = post({"method": "create_offer", "channel_id": channel_id, "offer": "another"})

    assert_refused(answer, "answer already exists")
    assert_refused(same, "answer already exists")
    assert_accepted(offer, {})
    assert state(post, channel_id)[:2] == [
        '{"offer":"another"}',
        json.dumps(VALUES["answer"]).join(['{"answer":', "}"]),
    ]


@each_way_in_turn
@pytest.mark.parametrize("method", [method for method in NEEDED if NEEDED[method] and "delete" not in method])
def test_every_method_refuses_an_unknown_channel(method: str, post: Post) -> None:
    assert_refused(post(whole(method, NOBODYS_ID)), "no such channel")


@each_way_in_turn
@pytest.mark.parametrize("text", ["\r\n", "Ω 漢 🤝", "\x00\x1f\x7f", "\u2028", '{"candidate": "x"}', "'; --", "\ufeff"])
def test_descriptions_and_candidates_are_returned_unchanged(text: str, post: Post) -> None:
    channel_id = open_channel(post)

    for field in VALUES:
        assert_accepted(post({"method": f"create_{field}", "channel_id": channel_id, field: text}), {})

    assert_accepted(post({"method": "get_offer", "channel_id": channel_id}), {"offer": text})
    assert_accepted(post({"method": "get_answer", "channel_id": channel_id}), {"answer": text})
    assert_accepted(post({"method": "get_candidates", "channel_id": channel_id}), {"items": [text]})


@each_way_in_turn
@pytest.mark.parametrize(
    "headers",
    [
        {},
        JSON,
        {"content-type": "text/plain;charset=UTF-8"},
        {"content-type": "application/octet-stream"},
        {"content-type": "image/png"},
        {"content-type": ""},
        {"content-type": "no type at all"},
        {"Content-Type": "application/x-www-form-urlencoded", "Accept": "image/png", "Cookie": "a=b"},
    ],
)
def test_the_content_type_does_not_matter(headers: Mapping[str, str], post: Post) -> None:
    channel_id = open_channel(post)

    reply = post({"method": "create_offer", "channel_id": channel_id, "offer": "ü"}, headers)

    assert_accepted(reply, {})
    assert_accepted(post({"method": "get_offer", "channel_id": channel_id}, headers), {"offer": "ü"})


@each_way_in_turn
@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "body is empty"),
        (b"{", "body is not JSON (RFC 7493)"),
        (b" ", "body is not JSON (RFC 7493)"),
        (b"method=create_data_channel", "body is not JSON (RFC 7493)"),
        (b'{"method": "create_data_channel"} {}', "body is not JSON (RFC 7493)"),
        (b'{"method": "create_data_channel", "x": NaN}', "body is not JSON (RFC 7493)"),
        (b'{"method": "create_data_channel", "x": -Infinity}', "body is not JSON (RFC 7493)"),
        (b'{"method": "get_offer", "method": "create_data_channel"}', "body is not JSON (RFC 7493)"),
        (b'{"method": "create_data_channel", "x": %s}' % (b"9" * 100_000), "body is not JSON (RFC 7493)"),
        (b'{"method": "create_data_channel\xff"}', "body is not JSON (RFC 7493)"),
        (b'\xef\xbb\xbf{"method": "create_data_channel"}', "body is not JSON (RFC 7493)"),
        ('{"method": "create_data_channel"}'.encode("utf-16"), "body is not JSON (RFC 7493)"),
        (b'{"method": "create_data_channel", "x": "\n"}', "body is not JSON (RFC 7493)"),
        (b"null", "body must be a JSON object"),
        (b'"create_data_channel"', "body must be a JSON object"),
        (b'[{"method": "create_data_channel"}]', "body must be a JSON object"),
        (b"1", "body must be a JSON object"),
        (b"[" * 1000 + b"]" * 1000, f"body must be nested at most {MAX_DEPTH} deep"),
        (b"[" * 200_000, f"body must be nested at most {MAX_DEPTH} deep"),
        (b'{"a":' * 1000 + b"1" + b"}" * 1000, f"body must be nested at most {MAX_DEPTH} deep"),
        (
            b'{"method": "create_data_channel", "x": ' + b"[" * MAX_DEPTH + b"]" * MAX_DEPTH + b"}",
            f"body must be nested at most {MAX_DEPTH} deep",
        ),
        (
            b'{"method": "create_data_channel", "x": "%s"}' % (b"x" * MAX_BODY_BYTES),
            f"body must be at most {MAX_BODY_BYTES} bytes",
        ),
        (b"{}", "method is missing"),
        (b'{"Method": "create_data_channel"}', "method is missing"),
        (b'{"method": 1}', "method must be a string"),
        (b'{"method": null}', "method must be a string"),
        (b'{"method": ["create_data_channel"]}', "method must be a string"),
        (b'{"method": ""}', "method must not be empty"),
        (b'{"method": "create_data_channel "}', "method is unknown"),
        (b'{"method": "__class__"}', "method is unknown"),
        (b'{"method": "handle"}', "method is unknown"),
        (b'{"method": "%s"}' % (b"x" * 37), "method must be at most 36 bytes"),
        (b'{"method": "\\ud800"}', "method has a lone surrogate"),
    ],
    ids=name_of,
)
def test_a_bad_body_is_refused(body: bytes, message: str, post: Post) -> None:
    assert_refused(post(body), message)


@each_way_in_turn
@pytest.mark.parametrize(("method", "field"), NEEDS)
def test_a_bad_field_is_refused_by_name_and_stores_nothing(method: str, field: str, post: Post) -> None:
    channel_id = open_channel(post)
    before = state(post, channel_id)
    request = whole(method, channel_id)
    too_long = "x" * (LIMITS[field] + 1)
    wide_too_long = "ü" * (LIMITS[field] // 2) + "xx"
    refusals = [
        ("", f"{field} must not be empty"),
        ("\ud800", f"{field} has a lone surrogate"),
        ("a\udfff", f"{field} has a lone surrogate"),
        (too_long, f"{field} must be at most {LIMITS[field]} bytes"),
        (wide_too_long, f"{field} must be at most {LIMITS[field]} bytes"),
        *((wrong, f"{field} must be a string") for wrong in (None, True, 0, 1.5, [], ["x"], {}, {"type": "offer"})),
    ]

    for value, message in refusals:
        assert_refused(post(request | {field: value}), message)
    del request[field]
    assert_refused(post(request), f"{field} is missing")

    assert state(post, channel_id) == before


@each_way_in_turn
@pytest.mark.parametrize("field", VALUES)
def test_a_field_of_exactly_the_maximum_size_is_accepted(field: str, post: Post) -> None:
    channel_id = open_channel(post)

    largest = "x" + "\u0001" * (LIMITS[field] - 1)
    assert_accepted(post({"method": f"create_{field}", "channel_id": channel_id, field: largest}), {})

    assert state(post, channel_id)[list(VALUES).index(field)].count("\\u0001") == LIMITS[field] - 1


@every_way
def test_a_request_at_the_limit_is_accepted(post: Post) -> None:
    offer, candidates = "x" * MAX_DESCRIPTION_BYTES, [f"candidate {number}" for number in range(MAX_BATCH)]
    request = {"method": "create_data_channel", "offer": offer, "candidates": candidates, "x": "", "y": []}
    deepest = json.dumps(request).replace("[]", "[" * (MAX_DEPTH - 1) + "]" * (MAX_DEPTH - 1)).encode()
    largest = deepest.replace(b'"x": "', b'"x": "' + b"x" * (MAX_BODY_BYTES - len(deepest)))

    reply = post(largest)

    assert (reply.status, len(largest)) == (200, MAX_BODY_BYTES)
    stored = [json.loads(body) for body in (state(post, reply.json()["channel_id"])[::2])]
    assert stored == [{"offer": offer}, {"items": candidates}]


@each_way_in_turn
def test_an_unknown_field_is_ignored(post: Post) -> None:
    reply = post({"method": "create_data_channel", "later": {"versions": ["may", 1, None]}, "channel_id": 7})

    assert reply.status == 200


@each_way_in_turn
@pytest.mark.parametrize("http_method", ["GET", "PUT", "PATCH", "DELETE"])
def test_another_http_method_is_refused(http_method: str, post: Post) -> None:
    assert_refused(post({"method": "create_data_channel"}, http_method=http_method), "HTTP method must be POST")


@every_way
def test_the_refusal_of_a_head_request_has_no_body(post: Post) -> None:
    assert_refused(post(b"", http_method="HEAD"), "")


@every_way
def test_a_description_and_its_candidates_can_come_in_one_request(post: Post) -> None:
    opened = post({"method": "create_data_channel", "offer": "an offer", "candidates": ["a", "b", "a"]})
    channel_id = opened.json()["channel_id"]

    answer = {"method": "create_answer", "channel_id": channel_id, "answer": "an answer", "candidates": ["b", "c"]}
    assert_accepted(post(answer), {})
    assert_accepted(post({"method": "create_candidate", "channel_id": channel_id, "candidates": ["d", "a"]}), {})
    assert_accepted(post({"method": "create_candidate", "channel_id": channel_id, "candidates": []}), {})

    assert state(post, channel_id) == [
        '{"offer":"an offer"}',
        '{"answer":"an answer"}',
        '{"items":["a","b","c","d"]}',
    ]


@every_way
def test_since_returns_only_new_candidates(post: Post) -> None:
    opened = post({"method": "create_data_channel", "offer": "an offer", "candidates": ["a", "b"]})
    channel = {"channel_id": opened.json()["channel_id"]}
    post({"method": "create_answer", "answer": "an answer", **channel})

    for since, items in ((0, ["a", "b"]), (1, ["b"]), (2, []), (9, [])):
        later = {"items": items, "next": 2}
        assert_accepted(post({"method": "get_candidates", "since": since, **channel}), later)
        assert_accepted(post({"method": "get_offer", "since": since, **channel}), {"offer": "an offer", **later})
        assert_accepted(post({"method": "get_answer", "since": since, **channel}), {"answer": "an answer", **later})


@every_way
def test_a_client_that_writes_candidates_can_read_new_ones_in_the_same_reply(post: Post) -> None:
    """Both peers share one list of positions.

    The reply includes the client's own candidates, even those it sent before.
    """
    opened = post({"method": "create_data_channel", "candidates": ["a", "b"]})
    channel = {"method": "create_candidate", "channel_id": opened.json()["channel_id"]}

    assert_accepted(post({"candidates": ["c"], "since": 1, **channel}), {"items": ["b", "c"], "next": 3})
    assert_accepted(post({"candidate": "d", "since": 3, **channel}), {"items": ["d"], "next": 4})
    assert_accepted(post({"candidates": ["a", "d"], "since": 3, **channel}), {"items": ["d"], "next": 4})
    assert_accepted(post({"candidates": ["a", "e"], "since": 4, **channel}), {"items": ["e"], "next": 5})
    assert_accepted(post({"candidates": [], "since": 9, **channel}), {"items": [], "next": 5})


@each_way_in_turn
@pytest.mark.parametrize("method", ["get_offer", "get_answer", "get_candidates"])
def test_a_wait_without_news_ends_with_the_ordinary_reply(method: str, post: Post) -> None:
    channel_id = open_channel(post)
    ordinary = post(whole(method, channel_id))

    waited = post(whole(method, channel_id) | {"wait": 0.05})

    assert (waited.status, waited.body) == (ordinary.status, ordinary.body)


@each_way_in_turn
@pytest.mark.parametrize("method", ["get_offer", "get_answer", "get_candidates"])
def test_a_wait_for_something_that_exists_returns_at_once(method: str, post: Post) -> None:
    channel_id = open_channel(post)
    for write in ("create_offer", "create_answer", "create_candidate"):
        post(whole(write, channel_id))

    assert post(whole(method, channel_id) | {"wait": 3600}).body == post(whole(method, channel_id)).body


@every_way
def test_a_deleted_channel_is_gone_and_can_be_deleted_again(post: Post) -> None:
    channel_id = open_channel(post)

    for name in (channel_id, channel_id, NOBODYS_ID):
        assert_accepted(post({"method": "delete_data_channel", "channel_id": name}), {})

    assert state(post, channel_id) == ["no such channel"] * 3


@each_way_in_turn
@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"offer": ""}, "offer must not be empty"),
        ({"offer": None}, "offer must be a string"),
        ({"candidates": "a"}, f"candidates must be a list of at most {MAX_BATCH} strings"),
        ({"candidates": None}, f"candidates must be a list of at most {MAX_BATCH} strings"),
        ({"candidates": {"0": "a"}}, f"candidates must be a list of at most {MAX_BATCH} strings"),
        ({"candidates": ["a"] * (MAX_BATCH + 1)}, f"candidates must be a list of at most {MAX_BATCH} strings"),
        ({"candidates": ["a", 1]}, "candidates[1] must be a string"),
        ({"candidates": ["a", ""]}, "candidates[1] must not be empty"),
        ({"candidates": ["\ud800"]}, "candidates[0] has a lone surrogate"),
        (
            {"candidates": ["x" * (MAX_CANDIDATE_BYTES + 1)]},
            f"candidates[0] must be at most {MAX_CANDIDATE_BYTES} bytes",
        ),
        ({"wait": "1"}, "wait must be a number from 0"),
        ({"wait": True}, "wait must be a number from 0"),
        ({"wait": None}, "wait must be a number from 0"),
        ({"wait": -0.1}, "wait must be a number from 0"),
        ({"ice_servers": "true"}, "ice_servers must be true or false"),
        ({"ice_servers": 1}, "ice_servers must be true or false"),
        ({"ice_servers": None}, "ice_servers must be true or false"),
        *(({"ttl": ttl}, "ttl must be a whole number from 1") for ttl in BAD_TTLS),
    ],
    ids=name_of,
)
def test_a_bad_optional_field_is_refused(fields: dict[str, object], message: str, post: Post) -> None:
    assert_refused(post({"method": "create_data_channel"} | fields), message)


@every_way
def test_a_channel_gets_the_life_that_its_creator_asks_for_up_to_the_limit(post: Post) -> None:
    short = post({"method": "create_data_channel", "ttl": 1})
    day = post({"method": "create_data_channel", "offer": "an offer", "ttl": MAX_TTL_SECONDS})
    year = post({"method": "create_data_channel", "ttl": 365 * 86_400})
    ordinary = post({"method": "create_data_channel"})

    assert short.json().keys() == day.json().keys() == {"channel_id", "ttl"}
    assert [reply.json()["ttl"] for reply in (short, day, year)] == [1, MAX_TTL_SECONDS, MAX_TTL_SECONDS]
    assert ordinary.json().keys() == {"channel_id"}
    assert_accepted(post(whole("get_offer", day.json()["channel_id"])), {"offer": "an offer"})


@pytest.mark.parametrize("longest", [300, 3600])
def test_the_operator_limits_how_long_a_channel_may_live(longest: int, served: Channels, clock: Clock) -> None:
    post = over_handler(app_over(served, max_ttl_seconds=longest))

    opened = post({"method": "create_data_channel", "offer": "an offer", "ttl": 86_400}).json()
    clock.seconds += longest - 1
    alive = post(whole("get_offer", opened["channel_id"]))
    clock.seconds += 1

    assert opened["ttl"] == longest
    assert_accepted(alive, {"offer": "an offer"})
    assert_refused(post(whole("get_offer", opened["channel_id"])), "no such channel")


@every_way
def test_only_its_owner_can_write_to_a_channel_and_everybody_can_read_it(post: Post) -> None:
    channel_id = open_owned_channel(post, offer="the owner's offer", candidates=["the owner's"])
    before = state(post, channel_id)

    for method in WRITES:
        for fields, message in NOT_THE_OWNER:
            assert_refused(post(whole(method, channel_id) | fields), message)
    assert state(post, channel_id) == before
    for method in WRITES:
        assert_accepted(post(whole(method, channel_id) | {"owner": OWNER}), {})

    assert before == ['{"offer":"the owner\'s offer"}', "no answer yet", '{"items":["the owner\'s"]}']
    assert state(post, channel_id) == ["no such channel"] * 3


@each_way_in_turn
@pytest.mark.parametrize("method", ["create_data_channel", *WRITES])
def test_a_malformed_owner_is_refused_and_changes_nothing(method: str, post: Post) -> None:
    """That holds for a channel without an owner, too."""
    channels = [open_channel(post), open_owned_channel(post)]
    refusals: list[tuple[object, str]] = [
        ("", "owner must not be empty"),
        ("\ud800" * 16, "owner has a lone surrogate"),
        ("x" * 15, "owner must be at least 16 bytes"),
        ("ü" * 7 + "x", "owner must be at least 16 bytes"),
        ("x" * 65, "owner must be at most 64 bytes"),
        ("ü" * 33, "owner must be at most 64 bytes"),
        *((wrong, "owner must be a string") for wrong in NO_STRINGS),
    ]

    for channel_id in channels:
        for owner, message in refusals:
            assert_refused(post(whole(method, channel_id) | {"owner": owner}), message)

    assert [state(post, channel_id) for channel_id in channels] == [
        ["no offer yet", "no answer yet", '{"items":[]}'],
    ] * 2


@each_way_in_turn
@pytest.mark.parametrize("owner", ["x" * 16, "x" * 64, "ü" * 32, "🤝" * 4, "\x00" * 16, " " * 16], ids=name_of)
def test_an_owner_can_be_any_text_of_16_to_64_bytes(owner: str, post: Post) -> None:
    opened = post({"method": "create_data_channel", "owner": owner})
    request = whole("create_offer", opened.json()["channel_id"])

    assert opened.json().keys() == {"channel_id"}
    assert_refused(post(request | {"owner": owner[:-1] + "z" * len(owner[-1].encode())}), "owner does not match")
    assert_accepted(post(request | {"owner": owner}), {})


@each_way_in_turn
def test_a_channel_without_an_owner_ignores_the_owner_in_a_write(post: Post) -> None:
    channel_id = open_channel(post)

    for method in WRITES:
        assert_accepted(post(whole(method, channel_id) | {"owner": OWNER}), {})
        if method != "delete_data_channel":
            assert post(whole("get_candidates", channel_id)).status == 200

    assert state(post, channel_id) == ["no such channel"] * 3


@each_way_in_turn
def test_a_refused_stranger_learns_nothing_else_about_the_channel(post: Post) -> None:
    """In a valid request, the server first checks whether the channel exists, then its owner, then everything else."""
    answered = open_owned_channel(post)
    post(whole("create_answer", answered) | {"owner": OWNER})
    post(whole("create_candidate", answered) | {"owner": OWNER})

    for fields, message in NOT_THE_OWNER:
        assert_refused(post(whole("create_answer", answered) | fields), message)
        assert_refused(post(whole("create_candidate", answered) | fields), message)
        assert_refused(post(whole("create_candidate", answered) | {"since": 0} | fields), message)
        assert_refused(post(whole("create_offer", NOBODYS_ID) | fields), "no such channel")
        assert_accepted(post(whole("delete_data_channel", NOBODYS_ID) | fields), {})
    assert_refused(post(whole("create_answer", answered) | {"owner": OWNER}), "answer already exists")


@each_way_in_turn
@pytest.mark.parametrize("method", ["get_offer", "get_answer", "get_candidates", "get_ice_servers"])
def test_reads_ignore_an_owner_even_a_malformed_one(method: str, post: Post) -> None:
    channel_id = open_owned_channel(post)
    plain = post(whole(method, channel_id))

    for owner in (OWNER, STRANGER, "", None, 1):
        reply = post(whole(method, channel_id) | {"owner": owner})
        assert (reply.status, reply.body) == (plain.status, plain.body)


@each_way_in_turn
@pytest.mark.parametrize(
    ("since", "message"),
    [
        ("0", "since must be a whole number from 0"),
        (False, "since must be a whole number from 0"),
        (None, "since must be a whole number from 0"),
        (-1, "since must be a whole number from 0"),
        (1.0, "since must be a whole number from 0"),
        (0.5, "since must be a whole number from 0"),
    ],
)
@pytest.mark.parametrize("method", ["create_candidate", "get_offer", "get_answer", "get_candidates"])
def test_a_bad_since_is_refused(method: str, since: object, message: str, post: Post) -> None:
    channel_id = open_channel(post)

    assert_refused(post(whole(method, channel_id) | {"since": since}), message)


@each_way_in_turn
def test_if_no_ice_servers_are_configured_asking_for_them_changes_nothing(post: Post) -> None:
    opened = post({"method": "create_data_channel", "offer": "an offer", "ice_servers": True})
    channel = opened.json()

    assert channel.keys() == {"channel_id"}
    assert_accepted(post({"method": "get_offer", "ice_servers": True, **channel}), {"offer": "an offer"})
    assert_accepted(post({"method": "get_offer", "ice_servers": False, **channel}), {"offer": "an offer"})
    assert_accepted(post({"method": "get_ice_servers", **channel}), {"ice_servers": []})


@each_way_in_turn
def test_if_no_access_keys_are_configured_sending_one_changes_nothing(post: Post) -> None:
    headers = {**JSON, "authorization": "Bearer any"}

    assert post({"method": "create_data_channel"}, headers).status == 200
    assert_refused(post({"method": "get_ice_servers"}, headers), "channel_id is missing")


@each_way_in_turn
@pytest.mark.parametrize(
    "candidate", [{"candidate": "candidate:1 1 udp", "sdpMid": "0"}, {}, None, ["candidate:1 1 udp"]], ids=name_of
)
def test_a_candidate_that_is_not_a_string_is_refused(candidate: object, post: Post) -> None:
    """A client sends an object by mistake if it passes on the `candidate` of a browser event unchanged."""
    request = whole("create_candidate", open_channel(post))

    assert_refused(post(request | {"candidate": candidate}), "candidate must be a string")


@each_way_in_turn
def test_a_request_with_both_candidate_and_candidates_is_refused(post: Post) -> None:
    request = {**whole("create_candidate", open_channel(post)), "candidates": ["b"]}

    assert_refused(post(request), "candidate and candidates exclude each other")
