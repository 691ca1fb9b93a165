-- Ends psql with one line and status 3 when the variable refusal is not empty. The transaction is rolled back.
SELECT :'refusal' <> '' AS refused,
  set_config('parley.refusal', :'revision' || ': ' || :'refusal' || '. Nothing was changed.', true) AS line \gset
\if :refused
  \set VERBOSITY terse
  DO 'BEGIN RAISE EXCEPTION ''%'', current_setting(''parley.refusal''); END';
\endif
