from api.document.cache import Cache


def test_a_value_is_found_by_its_key() -> None:
    cache: Cache[int] = Cache(8, 100)
    cache.put("a", 1, 1)
    assert cache.get("a") == 1
    assert cache.get("a") == 1
    assert cache.get("b") is None


def test_newcomers_replace_newcomers_only() -> None:
    cache: Cache[int] = Cache(8, 1_000)
    for i in range(6):
        cache.put(f"used {i}", i, 1)
        cache.get(f"used {i}")
    for i in range(1_000):
        cache.put(f"once {i}", i, 1)
    assert [cache.get(f"used {i}") for i in range(6)] == list(range(6))
    assert len(cache) == 8


def test_of_the_kept_the_one_used_longest_ago_goes_first() -> None:
    cache: Cache[int] = Cache(4, 100)
    for key in "abc":
        cache.put(key, ord(key), 1)
        cache.get(key)
    cache.get("a")
    cache.put("d", 4, 1)
    cache.get("d")
    assert cache.get("b") is None
    assert cache.get("a") == ord("a")


def test_the_weights_are_bounded_too() -> None:
    cache: Cache[int] = Cache(100, 40)
    for i in range(50):
        cache.put(str(i), i, 5)
    assert len(cache) == 2
    for i in range(50):
        cache.put(f"used {i}", i, 5)
        cache.get(f"used {i}")
    assert len(cache) == 1 + 6


def test_what_is_too_heavy_is_not_kept_and_evicts_no_one_kept() -> None:
    cache: Cache[int] = Cache(8, 40)
    cache.put("a", 1, 1)
    cache.get("a")
    cache.put("heavy", 2, 11)
    assert cache.get("heavy") is None
    assert cache.get("a") == 1


def test_a_cache_without_room_keeps_nothing() -> None:
    cache: Cache[int] = Cache(0, 0)
    cache.put("a", 1, 1)
    assert cache.get("a") is None
    assert len(cache) == 0
