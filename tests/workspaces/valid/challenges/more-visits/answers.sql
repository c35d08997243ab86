SELECT visit_id, minutes FROM visits
