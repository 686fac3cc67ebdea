"""How `make mutants` recognizes a surviving mutant."""

from tests.mutation import survivors

LINE = 'self._update(channel_id, {"offer": {"S": offer}}, " AND attribute_not_exists(offer)")'
REFORMATTED = """self._update(
    channel_id,
    {"offer": {"S": offer}},
    " AND attribute_not_exists(offer)",
)"""


def test_the_name_of_a_mutant_gives_its_function_or_method() -> None:
    assert (
        survivors.function_of("chalicelib.channels.xǁChannelsǁ_send__mutmut_12") == "chalicelib.channels.Channels._send"
    )
    assert survivors.function_of("app.x_create_app__mutmut_1") == "app.create_app"


def test_a_mutant_is_recognized_after_its_line_was_reformatted() -> None:
    change = survivors.changed_words(LINE, LINE.replace("AND", "and"))

    assert survivors.changed_words(REFORMATTED, REFORMATTED.replace("AND", "and")) == change
    assert change == '} , [-" AND attribute_not_exists(offer)"-] {+" and attribute_not_exists(offer)"+}'


def test_a_removed_word_counts_as_a_change_too() -> None:
    assert survivors.changed_words('get("Attributes", {})', 'get("Attributes", )') == '"Attributes" , [-{ }-]'


def test_every_accepted_survivor_has_a_reason() -> None:
    assert all(reason.endswith(".") for reason in survivors.accepted().values())
