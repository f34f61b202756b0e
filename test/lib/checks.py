"""Checks of a test that goes on after one that failed: ok or not ok, a line each.

    from checks import check, failures
    check("it is one", n == 1, n)
    sys.exit(bool(failures))
"""
failures = []


def check(name, good, about=""):
    if not good:
        failures.append(name)
    print(("ok " if good else "not ok ") + name + (f" ({about})" if about and not good else ""), flush=True)
