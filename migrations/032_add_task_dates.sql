-- 032_add_task_dates: when a task is due, how it repeats, its reminder, its priority, its place and its list.
--
-- A task is due on a day or at a moment; due_timezone says where the day or the clock is meant. due_by is the moment after
-- which it is overdue, and the year 9999 without a date: one column without nulls, by which tasks are put in order and looked
-- for. What is open stands before what is done in each order, so completed comes first in the indexes. remind_at is
-- reminder_at while the reminder is still to be given; that it was given is no change of the task, so updated_at stays.
--
-- Descriptions that end with a due date in the words of the offline model lose these words and get a date, at a clock time in
-- the time zone of their user. A part of the day stays in words. Whatever else somebody has written stays as it is.

\set ON_ERROR_STOP on
\set revision 032_add_task_dates
\set predecessor 031_add_agents_to_runs
\ir psql/begin.sql
\if :apply

ALTER TABLE tasks
    ADD COLUMN due_on DATE,
    ADD COLUMN due_at TIMESTAMP WITH TIME ZONE,
    ADD COLUMN due_timezone VARCHAR(64),
    ADD COLUMN due_by TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT '9999-01-01 00:00:00+00',
    ADD COLUMN repeats VARCHAR(200),
    ADD COLUMN reminder_at TIMESTAMP WITH TIME ZONE,
    ADD COLUMN remind_at TIMESTAMP WITH TIME ZONE,
    ADD COLUMN priority VARCHAR(10) NOT NULL DEFAULT 'none',
    ADD COLUMN position DOUBLE PRECISION NOT NULL DEFAULT 0.0,
    ADD COLUMN list VARCHAR(100);

-- Without its trigger: it would make all of them look as if they had just been changed.
ALTER TABLE tasks DISABLE TRIGGER tasks_move_updated_at;
UPDATE tasks SET position = extract(epoch FROM created_at) * 1000;
UPDATE tasks
SET description = nullif(concat_ws(' ', nullif(note, ''), part), ''),
    due_on = CASE WHEN clock IS NULL THEN day END,
    due_at = (day + clock::time) AT TIME ZONE zone,
    due_timezone = zone,
    due_by = CASE WHEN clock IS NULL THEN day + time '24:00' ELSE day + clock::time END AT TIME ZONE zone
FROM (
    SELECT tasks.id, users.timezone AS zone, regexp_replace(coalesce(m[1], ''), '\s+$', '') AS note,
        make_date(m[5]::integer, array_position(months, m[4]), 1) + (m[3]::integer - 1) AS day, m[7] AS clock,
        CASE m[8] WHEN 'night' THEN 'At night' ELSE 'In the ' || m[8] END AS part,
        m[2] || ' ' || m[3] || ' ' || m[4] || ' ' || m[5] AS words
    FROM tasks
    JOIN users ON users.id = tasks.user_id
    CROSS JOIN (
        SELECT ARRAY['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October',
            'November', 'December'] AS months
    ) AS names
    CROSS JOIN LATERAL regexp_match(
        tasks.description,
        '^(.*\s)?Due (\w+day) (\d{1,2}) (' || array_to_string(months, '|') || ') (19[789]\d|2\d\d\d)'
        '(, (?:([01]\d:[0-5]\d|2[0-3]:[0-5]\d)|(morning|afternoon|evening|night)))?\s*$'
    ) AS found (m)
    WHERE tasks.description LIKE '%Due %' AND m IS NOT NULL
        AND users.timezone IN (SELECT name FROM pg_timezone_names)
) AS due
WHERE due.id = tasks.id AND to_char(due.day, 'FMDay FMDD FMMonth YYYY') = due.words;
ALTER TABLE tasks ENABLE TRIGGER tasks_move_updated_at;

ALTER TABLE tasks
    ADD CONSTRAINT tasks_priority_check CHECK (priority IN ('none', 'low', 'medium', 'high')),
    ADD CONSTRAINT tasks_due_check CHECK (due_on IS NULL OR due_at IS NULL),
    ADD CONSTRAINT tasks_repeats_check CHECK (repeats IS NULL OR due_on IS NOT NULL OR due_at IS NOT NULL);

CREATE INDEX idx_tasks_user_id_completed_due_by ON tasks (user_id, completed, due_by, id);
CREATE INDEX idx_tasks_user_id_completed_position ON tasks (user_id, completed, position, id);
CREATE INDEX idx_tasks_user_id_completed_list ON tasks (user_id, completed, list);
CREATE INDEX idx_tasks_remind_at ON tasks (remind_at) WHERE remind_at IS NOT NULL;

-- Triggers: create_all and Alembic take what stands from here to the end, statement by statement, from this file.

DROP TRIGGER tasks_move_updated_at ON tasks;

CREATE TRIGGER tasks_move_updated_at BEFORE UPDATE ON tasks
    FOR EACH ROW WHEN (old.updated_at = new.updated_at AND NOT old.remind_at IS DISTINCT FROM new.remind_at)
    EXECUTE FUNCTION move_updated_at();

\endif
\ir psql/end.sql
