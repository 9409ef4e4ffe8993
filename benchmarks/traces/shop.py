"""What record does with SQLite: fill a shop's database, and a day in that shop. The same on every run."""

import random
import sqlite3
import sys

CUSTOMERS = 60_000
ARTICLES = 20_000
ORDERS = 220_000
TRANSACTIONS = 3_200


def skewed(generator, count):
    """A number below count: a few come often, most hardly ever (a bounded Pareto distribution), spread over the keys."""
    return (int((generator.paretovariate(0.9) - 1) * count / 400) * 7919) % count


def fill(name):
    generator = random.Random(1)
    database = sqlite3.connect(name)
    database.executescript("""
        PRAGMA page_size = 4096;
        CREATE TABLE customer (id INTEGER PRIMARY KEY, name TEXT, address TEXT, balance INTEGER);
        CREATE TABLE article (id INTEGER PRIMARY KEY, title TEXT, text TEXT, price INTEGER, stock INTEGER);
        CREATE TABLE sale (id INTEGER PRIMARY KEY, customer INTEGER, article INTEGER, pieces INTEGER, day INTEGER, note TEXT);
        CREATE INDEX sale_customer ON sale (customer);
        CREATE INDEX customer_name ON customer (name);
    """)
    words = ["".join(generator.choices("abcdefghijklmnopqrstuvwxyz", k=generator.randint(3, 11))) for _ in range(5000)]

    def text(count):
        return " ".join(generator.choices(words, k=count))

    database.executemany("INSERT INTO customer VALUES (?, ?, ?, ?)",
                         ((i, text(2), text(12), 0) for i in range(CUSTOMERS)))
    database.executemany("INSERT INTO article VALUES (?, ?, ?, ?, ?)",
                         ((i, text(4), text(60), generator.randint(1, 999), 100) for i in range(ARTICLES)))
    database.executemany("INSERT INTO sale VALUES (?, ?, ?, ?, ?, ?)",
                         ((i, skewed(generator, CUSTOMERS), skewed(generator, ARTICLES), generator.randint(1, 9), i // 700,
                           text(6)) for i in range(ORDERS)))
    database.commit()
    database.close()


def day(name):
    generator = random.Random(2)
    database = sqlite3.connect(name, isolation_level=None)
    sale = ORDERS
    for transaction in range(TRANSACTIONS):
        customer = skewed(generator, CUSTOMERS)
        article = skewed(generator, ARTICLES)
        kind = generator.random()
        if kind < 0.70:
            # Look around: a customer, what they bought, articles.
            database.execute("BEGIN")
            database.execute("SELECT * FROM customer WHERE id = ?", (customer,)).fetchall()
            database.execute("SELECT s.id, a.title FROM sale s JOIN article a ON a.id = s.article WHERE s.customer = ? "
                             "ORDER BY s.id DESC LIMIT 5", (customer,)).fetchall()
            database.execute("SELECT * FROM article WHERE id = ?", (article,)).fetchall()
            database.execute("COMMIT")
        elif kind < 0.80:
            database.execute("BEGIN IMMEDIATE")
            database.execute("INSERT INTO sale VALUES (?, ?, ?, ?, ?, 'today')", (sale, customer, article, 1, sale // 700))
            database.execute("UPDATE article SET stock = stock - 1 WHERE id = ?", (article,))
            database.execute("UPDATE customer SET balance = balance + 1 WHERE id = ?", (customer,))
            database.execute("COMMIT")
            sale += 1
        elif kind < 0.9985:
            # Latest sales, by key.
            first = sale - 1 - skewed(generator, ORDERS)
            database.execute("SELECT sum(pieces) FROM sale WHERE id BETWEEN ? AND ?", (first, first + 200)).fetchall()
        elif kind < 0.9995:
            database.execute("SELECT article, sum(pieces) FROM sale WHERE day > ? GROUP BY article ORDER BY 2 DESC LIMIT 10",
                             (generator.randrange(250),)).fetchall()
        else:
            database.execute("SELECT count(*) FROM customer WHERE address LIKE '%xyz%'").fetchall()
    database.execute("CREATE INDEX sale_day ON sale (day)")
    database.execute("DELETE FROM sale WHERE day < 20")
    database.close()


if __name__ == "__main__":
    {"fill": fill, "day": day}[sys.argv[1]](sys.argv[2])
