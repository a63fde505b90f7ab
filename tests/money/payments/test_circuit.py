from virage.money.payments.circuit import Circuit


def test_calls_pass_while_they_are_answered() -> None:
    circuit = Circuit(failures_max=2, pause_s=3)
    circuit.failed(0)
    circuit.succeeded()
    circuit.failed(1)
    assert circuit.lets_through(1)


def test_after_two_failures_calls_are_refused_at_once() -> None:
    circuit = Circuit(failures_max=2, pause_s=3)
    circuit.failed(0)
    circuit.failed(1)
    assert not circuit.lets_through(1)
    assert not circuit.lets_through(3.9)


def test_after_the_pause_one_trial_is_allowed() -> None:
    circuit = Circuit(failures_max=2, pause_s=3)
    circuit.failed(0)
    circuit.failed(1)
    assert circuit.lets_through(4)
    assert not circuit.lets_through(4)
    circuit.succeeded()
    assert circuit.lets_through(4)
    assert circuit.lets_through(4)
