-- One row per question: the answer as text, and how far a number may be from it.
SELECT 'q1' AS question, CAST(max(municipalities) AS TEXT) AS answer, '0' AS tolerance
FROM (SELECT count(*) AS municipalities FROM municipalities GROUP BY county_code)

UNION ALL
SELECT 'q2', CAST(sum(population) AS TEXT), '0'
FROM municipalities
WHERE language_form = 'nynorsk'

UNION ALL
SELECT 'q3', CAST(count(*) AS TEXT), '0'
FROM persons p
JOIN municipalities m ON m.municipality_code = p.municipality_code
JOIN counties c ON c.county_code = m.county_code
WHERE c.name = 'Trøndelag'

UNION ALL
SELECT 'q4', printf('%.2f', avg(h.size)), '0.01'
FROM households h
JOIN municipalities m ON m.municipality_code = h.municipality_code
WHERE m.name = 'Bergen'

UNION ALL
SELECT 'q5', CAST(count(*) AS TEXT), '0'
FROM persons
WHERE municipality_code IN (
  SELECT municipality_code FROM municipality_names GROUP BY municipality_code HAVING count(*) > 1
)

UNION ALL
SELECT 'q6', printf('%.1f', 100.0 * avg(p.age < 18)), '0.1'
FROM persons p
JOIN municipalities m ON m.municipality_code = p.municipality_code
WHERE m.language_form = 'nynorsk'

UNION ALL
SELECT 'q7', CAST(count(*) AS TEXT), '0'
FROM addresses a
JOIN municipalities m ON m.municipality_code = a.municipality_code
LEFT JOIN households h ON h.address_id = a.address_id
WHERE m.name = 'Tromsø' AND h.household_id IS NULL

UNION ALL
SELECT 'q8', name, NULL
FROM (
  SELECT c.name
  FROM persons p
  JOIN municipalities m ON m.municipality_code = p.municipality_code
  JOIN counties c ON c.county_code = m.county_code
  GROUP BY c.county_code
  ORDER BY avg(p.age >= 67) DESC, c.county_code
  LIMIT 1
)
