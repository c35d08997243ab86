-- Every row of the four tables as it is published, and what is planted in it. Of two rows that are
-- the same thing twice, both count: nobody can tell which came first. The typos in the second one
-- are no defect of their own. A row belongs to the municipality that it is truly about, also where
-- its code or key is broken, and a row that stands twice to that of the first.
WITH ledger (record, column_name, fault, original) AS (
  SELECT spot_id, "column", fault, true_value FROM truth_spots_faults
  UNION ALL
  SELECT report_id, "column", fault, true_value FROM truth_reports_faults
  UNION ALL
  SELECT visit_id, "column", fault, true_value FROM truth_visits_faults
  UNION ALL
  SELECT reply_id, "column", fault, true_value FROM truth_replies_faults
),
planted (record, column_name, fault) AS (
  SELECT record, column_name, fault FROM ledger WHERE fault <> 'typo'
  UNION ALL
  SELECT original, column_name, fault FROM ledger WHERE fault = 'duplicate'
),
names (fault, said) AS (
  VALUES ('duplicate', 'duplicate'), ('wrong_unit', 'wrong_unit'), ('swapped_day_month', 'swapped_date'),
         ('recoded', 'old_code'), ('missing', 'missing'), ('broken_key', 'broken_key'),
         ('damaged_encoding', 'damaged_letters'), ('time_zone_slip', 'time_zone'), ('impossible', 'impossible')
),
records (record, table_name) AS (
  SELECT spot_id, 'spots' FROM published.spots
  UNION ALL
  SELECT report_id, 'reports' FROM published.reports
  UNION ALL
  SELECT visit_id, 'visits' FROM published.visits
  UNION ALL
  SELECT reply_id, 'replies' FROM published.replies
),
homes (record, municipality_code) AS (
  SELECT spot_id, municipality_code FROM spots
  UNION ALL
  SELECT report_id, municipality_code FROM reports
  UNION ALL
  SELECT v.visit_id, r.municipality_code FROM visits v JOIN reports r ON r.report_id = v.report_id
  UNION ALL
  SELECT reply_id, municipality_code FROM replies
)
SELECT r.record, coalesce(p.column_name, '') AS column_name, coalesce(n.said, 'none') AS fault, r.table_name,
       CASE WHEN m.population < 20000 THEN '0-19999'
            WHEN m.population < 100000 THEN '20000-99999' ELSE '100000+' END AS "group"
FROM records r
LEFT JOIN planted p ON p.record = r.record
LEFT JOIN names n ON n.fault = p.fault
LEFT JOIN ledger d ON d.record = r.record AND d.fault = 'duplicate'
JOIN homes h ON h.record = coalesce(d.original, r.record)
JOIN municipalities m ON m.municipality_code = h.municipality_code
