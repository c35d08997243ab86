-- The true effect in every rehearsal, in percentage points, and whether it went as planned.
SELECT h.replicate, round(100 * e.effect_size, 6) AS estimate, round(100 * e.effect_size, 6) AS low,
       round(100 * e.effect_size, 6) AS high, iif(h.fault = 'none', 'yes', 'no') AS trustworthy
FROM truth_replicates_hidden h
JOIN truth_reminder_letters_effects e ON e.effect = 'rehearsal' AND e."group" = h.replicate
