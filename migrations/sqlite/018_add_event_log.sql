-- 018_add_event_log on SQLite; why stands in the file of the same name one folder up.
--
-- One connection writes at a time, so events are committed in the order of writing, and get their numbers with it.

-- Triggers

CREATE TRIGGER events_add_number AFTER INSERT ON events
BEGIN
    INSERT INTO event_counter (id, first_seq, last_seq, floor_id) VALUES (1, 1, 1, NEW.id)
    ON CONFLICT (id) DO UPDATE SET last_seq = last_seq + 1, floor_id = NEW.id;
    INSERT INTO event_log (seq, event_id, audience, audience_id)
    SELECT last_seq, NEW.id, NEW.audience, NEW.audience_id FROM event_counter;
END;

CREATE TRIGGER users_delete_events AFTER DELETE ON users
BEGIN
    DELETE FROM events WHERE audience = 'user' AND audience_id = OLD.id;
END;
