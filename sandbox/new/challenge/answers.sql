-- What is asked for: the key first, then whatever columns the metric needs (exact-match: answer, and
-- tolerance for numbers). This one can be worked out from published tables. Where prizes are at stake,
-- ask for what a recipe holds out or hides, and read it here from truth_<table>.
-- A column named "group" yields a table of gaps between groups.
SELECT c.county_code,
       (SELECT m.municipality_code FROM municipalities m
        WHERE m.county_code = c.county_code
        ORDER BY m.population DESC LIMIT 1) AS answer,
       NULL AS tolerance
FROM counties c
