SELECT county_code, count(*) AS answer, CASE WHEN county_code < '40' THEN 'south' ELSE 'north' END AS "group"
FROM municipalities GROUP BY county_code
