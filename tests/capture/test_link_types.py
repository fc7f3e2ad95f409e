from explainer.capture.link_types import link_type


def test_names_and_numbers() -> None:
    assert link_type(1) == "Ethernet"
    assert link_type(25) == "Linux cooked"
    assert link_type(9999) == "link type 9999"
