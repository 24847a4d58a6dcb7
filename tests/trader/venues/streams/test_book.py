"""The top of a book, out of snapshots and changes."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from trader.model.market import Quote
from trader.venues.streams.book import Book


def levels(*pairs: tuple[str, str]) -> list[tuple[Decimal, Decimal]]:
    """Return levels."""
    return [(Decimal(price), Decimal(size)) for price, size in pairs]


def test_the_top_is_the_best_of_each_side():
    """An empty side has no top."""
    book = Book()
    assert book.top(5) is None
    book.reset(levels(("9", "1"), ("10", "2")), levels(("12", "1"), ("11", "3")))
    assert book.top(5) == Quote(5, 10.0, 11.0)
    book.update(levels(("10", "0")), [])
    assert book.top(6) == Quote(6, 9.0, 11.0)


def test_a_snapshot_forgets_what_was():
    """Nothing of the old book is left."""
    book = Book()
    book.reset(levels(("9", "1")), levels(("12", "1")))
    book.reset(levels(("8", "1")), levels(("13", "1")))
    assert (book.bids, book.asks) == (dict(levels(("8", "1"))), dict(levels(("13", "1"))))


@given(st.lists(st.tuples(st.integers(1, 50), st.integers(0, 3)), max_size=60))
def test_a_book_of_a_depth_holds_the_best_levels(changes: list[tuple[int, int]]):
    """Never more than the depth, never a level without a quantity."""
    book = Book(5)
    for price, size in changes:
        book.update([(Decimal(price), Decimal(size))], [(Decimal(100 + price), Decimal(size))])
        assert len(book.bids) <= 5
        assert all(book.bids.values())
        assert all(book.asks.values())


def test_leading_zeros_and_points_do_not_count_in_a_checksum():
    """Cut-off zeros do: the precision is that of the finest level seen."""
    book, cut = Book(10), Book(10)
    book.reset(levels(("0.05", "10.00")), levels(("0.06", "0.50")))
    cut.reset(levels(("0.05", "10")), levels(("0.06", "0.50")))
    assert book.checksum() == cut.checksum()
