-- For every case that is held out: the right decision, the rule that decides it, and for each
-- column the turning point, since with a value of at most (or at least) so much the decision is the
-- other one. Where several conditions fail, a column that leaves one of them unmet has none.
-- counterfactual_column, counterfactual_value and letter are a model answer, one of many.
WITH held AS (
  SELECT c.*, t.*, r.paragraph
  FROM truth_support_cases h
  JOIN support_cases c ON c.case_id = h.case_id
  JOIN truth_support_cases_hidden t ON t.case_id = h.case_id
  JOIN support_rules r ON r.reason = t._right_reason AND r.rule_version = t._version
),
turning AS (
  SELECT *,
    CASE WHEN _is_met THEN _months_needed - 1 END AS months_resident_at_most,
    CASE WHEN NOT _is_met AND _earns_little AND _has_saved_little AND _pays_much
         THEN _months_needed END AS months_resident_at_least,
    -- Income stands in two conditions: it may be too high, and too high for the rent.
    CASE WHEN NOT _is_met AND _has_lived_long AND _has_saved_little
         THEN min(_stretched_ceiling, _income_for_rent) END AS yearly_income_at_most,
    CASE WHEN _is_met
         THEN min(_stretched_ceiling, _income_for_rent) + 1 END AS yearly_income_at_least,
    CASE WHEN NOT _is_met AND _has_lived_long AND _earns_little AND _pays_much
         THEN _savings_ceiling END AS savings_at_most,
    CASE WHEN _is_met THEN _savings_ceiling + 1 END AS savings_at_least,
    CASE WHEN _is_met THEN _rent_floor - 1 END AS monthly_rent_at_most,
    CASE WHEN NOT _is_met AND _has_lived_long AND _earns_little AND _has_saved_little
         THEN _rent_floor END AS monthly_rent_at_least
  FROM held
),
model AS (
  SELECT *,
    CASE WHEN _is_met THEN 'savings'
         WHEN months_resident_at_least IS NOT NULL THEN 'months_resident'
         WHEN savings_at_most IS NOT NULL THEN 'savings'
         WHEN monthly_rent_at_least IS NOT NULL THEN 'monthly_rent'
         WHEN yearly_income_at_most IS NOT NULL THEN 'yearly_income'
         ELSE 'none' END AS counterfactual_column,
    coalesce(savings_at_least, months_resident_at_least, savings_at_most, monthly_rent_at_least,
             yearly_income_at_most) AS counterfactual_value
  FROM turning
)
SELECT case_id,
       _right_decision AS decision,
       _right_reason AS reason,
       paragraph,
       language,
       CASE language WHEN 'nb' THEN 'bokmål' WHEN 'nn' THEN 'nynorsk' ELSE 'English' END AS "group",
       months_resident_at_most, months_resident_at_least,
       yearly_income_at_most, yearly_income_at_least,
       savings_at_most, savings_at_least,
       monthly_rent_at_most, monthly_rent_at_least,
       counterfactual_column, counterfactual_value,
       CASE language
         WHEN 'nb' THEN
           CASE WHEN _is_met THEN 'Du får støtte til husleien' ELSE 'Du får ikke støtte til husleien' END
           || ', se ' || paragraph || ' i reglene. '
           || CASE counterfactual_column WHEN 'none' THEN 'Flere krav er ikke oppfylt, så det hjelper ikke om ett av dem blir det. '
              ELSE 'Svaret ville blitt et annet hvis '
                || CASE counterfactual_column
                     WHEN 'savings' THEN 'sparepengene' WHEN 'monthly_rent' THEN 'husleien i måneden'
                     WHEN 'months_resident' THEN 'antall måneder i kommunen' ELSE 'inntekten i året' END
                || ' var ' || counterfactual_value || '. ' END
           || 'Er du uenig, kan du be et menneske lese saken en gang til. Ring oss hvis noe er uklart.'
         WHEN 'nn' THEN
           CASE WHEN _is_met THEN 'Du får støtte til husleiga' ELSE 'Du får ikkje støtte til husleiga' END
           || ', sjå ' || paragraph || ' i reglane. '
           || CASE counterfactual_column WHEN 'none' THEN 'Fleire krav er ikkje oppfylte, så det hjelper ikkje om eitt av dei blir det. '
              ELSE 'Svaret ville vorte eit anna om '
                || CASE counterfactual_column
                     WHEN 'savings' THEN 'sparepengane' WHEN 'monthly_rent' THEN 'husleiga i månaden'
                     WHEN 'months_resident' THEN 'talet på månader i kommunen' ELSE 'inntekta i året' END
                || ' var ' || counterfactual_value || '. ' END
           || 'Er du usamd, kan du be eit menneske lese saka ein gong til. Ring oss om noko er uklart.'
         ELSE
           CASE WHEN _is_met THEN 'You get support with the rent' ELSE 'You do not get support with the rent' END
           || ', see ' || paragraph || ' of the rules. '
           || CASE counterfactual_column WHEN 'none' THEN 'More than one condition is not met, so it would not help if one of them were. '
              ELSE 'The answer would be another if '
                || CASE counterfactual_column
                     WHEN 'savings' THEN 'your savings' WHEN 'monthly_rent' THEN 'the rent in a month'
                     WHEN 'months_resident' THEN 'the months you have lived here' ELSE 'the income in a year' END
                || ' were ' || counterfactual_value || '. ' END
           || 'If you disagree, you can ask a person to read the case again. Call us if this is not clear.'
       END AS letter
FROM model
