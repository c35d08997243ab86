"""Every county has as many municipalities as the first one, or none at all."""


def baseline(db):
    codes = [code for (code,) in db.execute("SELECT county_code FROM counties").fetchall()]
    count = "SELECT count(*) FROM municipalities WHERE county_code = '03'"
    (first,) = db.execute(count).fetchone()
    return {
        "today": [{"county_code": code, "answer": first} for code in codes],
        "do_nothing": [{"county_code": code, "answer": 0} for code in codes],
    }
