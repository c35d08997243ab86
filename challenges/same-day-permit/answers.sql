-- The right first answer of every application whose decision is held out, and the county it is in.
SELECT d.application_id, d.first_answer AS answer, c.name AS "group"
FROM truth_decisions d
JOIN applications a ON a.application_id = d.application_id
JOIN municipalities m ON m.municipality_code = a.municipality_code
JOIN counties c ON c.county_code = m.county_code
