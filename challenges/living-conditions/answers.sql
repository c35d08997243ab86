-- The true share behind every figure, with the best constant for its indicator, and the true change
-- by every pair of a type of measure and an indicator, which without an effect is 0.
WITH placed AS (
  SELECT i.figure_id, i.indicator, i.subdistrict_id, h.true_percent,
         row_number() OVER (PARTITION BY i.indicator ORDER BY h.true_percent) AS place,
         count(*) OVER (PARTITION BY i.indicator) AS many
  FROM indicators i
  JOIN truth_indicators_hidden h ON h.figure_id = i.figure_id
),
constants AS (
  SELECT indicator,
         min(CASE WHEN place >= 0.5 * many THEN true_percent END) AS middle,
         min(CASE WHEN place >= 0.025 * many THEN true_percent END) AS low,
         min(CASE WHEN place >= 0.975 * many THEN true_percent END) AS high
  FROM placed
  GROUP BY indicator
)
SELECT p.figure_id AS item, 'rate' AS kind, p.true_percent AS estimate, c.middle AS constant,
       c.low AS constant_low, c.high AS constant_high, p.subdistrict_id AS cluster,
       CASE WHEN s.adults < 1000 THEN '0-999'
            WHEN s.adults < 2500 THEN '1000-2499' ELSE '2500+' END AS "group"
FROM placed p
JOIN constants c ON c.indicator = p.indicator
JOIN subdistricts s ON s.subdistrict_id = p.subdistrict_id
UNION ALL
SELECT 'effect-' || effect || '-' || "group", 'effect', effect_size, 0, 0, 0, '', ''
FROM truth_living_conditions_effects
WHERE "table" = 'indicators' AND "group" IS NOT NULL
