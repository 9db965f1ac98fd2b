"""Rates of sampling, wherever an exporter tells them; counts themselves are never scaled."""

import pytest

from telemetry.netflow import packets as p

SAMPLED = (*p.FLOW4, (48, 2))


def rates(*messages):
    _, records = p.decoded(*messages)
    assert {record.bytes for record in records} <= {1000}
    return [record.sampling for record in records]


@pytest.mark.parametrize(
    ("fields", "values", "expected"),
    [
        ([(34, 4)], [100], 100),
        ([(305, 4), (306, 4)], [1, 99], 100),
        ([(305, 4), (306, 4)], [3, 4], 2),
        ([(309, 4), (310, 4)], [1, 64], 64),
        ([(34, 4), (305, 4)], [0, 0], 0),
        ([(306, 4)], [99], 0),
    ],
)
def test_a_record_may_tell_its_own_rate(fields, values, expected):
    widths = [width for _, width in fields]
    content = p.flow4() + b"".join(map(p.number, values, widths))

    found = rates(p.message10(p.template(256, (*p.FLOW4, *fields)), p.data_set(256, content)))

    assert found == [expected]


def test_a_samplers_rate_is_used_by_the_records_that_name_it():
    options = p.options9(300, [(1, 4)], [(48, 2), (49, 1), (50, 4)])
    told = b"".join(
        bytes(4) + p.number(sampler, 2) + b"\2" + p.number(rate, 4)
        for sampler, rate in ((1, 1000), (2, 50))
    )
    flows = b"".join(p.flow4() + p.number(sampler, 2) for sampler in (1, 2, 3))

    found = rates(
        p.message9(options, p.data_set(300, told)),
        p.message9(p.template(256, SAMPLED, version=9), p.data_set(256, flows), sequence=1),
    )

    assert found == [1000, 50, 0]


def test_a_selector_in_ipfix_is_a_sampler():
    options = p.options10(300, [(302, 8)], [(304, 2), (305, 4), (306, 4)])
    told = p.number(7, 8) + p.number(1, 2) + p.number(1, 4) + p.number(9, 4)
    flow = p.flow4() + p.number(7, 8)

    found = rates(
        p.message10(options, p.data_set(300, told)),
        p.message10(p.template(256, (*p.FLOW4, (302, 8))), p.data_set(256, flow), sequence=1),
    )

    assert found == [10]


def exporter_wide(*scopes):
    options = p.options9(300, [(2, 4)], [(34, 4), (35, 1)])
    told = b"".join(p.number(scope, 4) + p.number(rate, 4) + b"\1" for scope, rate in scopes)
    flow = p.template(256, p.FLOW4, version=9), p.data_set(256, p.flow4())
    return rates(p.message9(options, p.data_set(300, told)), p.message9(*flow, sequence=1))


def test_a_rate_of_the_whole_exporter_is_used_for_all_records():
    assert exporter_wide((0, 512)) == [512]


def test_interfaces_that_agree_are_as_good_as_one():
    assert exporter_wide((1, 512), (2, 512)) == [512]


def test_interfaces_that_differ_leave_the_rate_unknown():
    assert exporter_wide((1, 512), (2, 100)) == [0]


def test_a_rate_that_is_told_anew_replaces_the_old_one():
    assert exporter_wide((1, 512), (1, 100)) == [100]


def test_data_that_waited_gets_the_rate_that_came_with_its_template():
    options = p.options10(300, [(143, 4)], [(34, 4)]), p.data_set(300, bytes(4) + p.number(8, 4))

    found = rates(
        p.message10(p.data_set(256, p.flow4())),
        p.message10(*options, p.template(256, p.FLOW4), sequence=1),
    )

    assert found == [8]


def test_a_v5_header_tells_the_rate_of_its_own_records_also_that_there_is_none():
    found = rates(
        p.message5(p.record5(), sampling=1 << 14 | 100),
        p.message5(p.record5(), sequence=1),
        p.message5(p.record5(), sequence=2, sampling=1 << 14 | 50),
    )

    assert found == [100, 0, 50]
