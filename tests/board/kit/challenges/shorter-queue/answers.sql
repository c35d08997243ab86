SELECT county_code, count(*) AS answer FROM municipalities GROUP BY county_code
