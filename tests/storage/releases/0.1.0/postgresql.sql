SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;
CREATE FUNCTION public.keep_created_at() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    RAISE EXCEPTION 'created_at of % never changes', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END
$$;
CREATE FUNCTION public.keep_messages() RETURNS trigger
    LANGUAGE plpgsql
    AS $_$
DECLARE
    stays boolean := true;
BEGIN
    IF TG_OP = 'DELETE' THEN
        -- By the table's own schema, because a cascade runs with whatever search_path the session has.
        EXECUTE format(
            'SELECT EXISTS (SELECT FROM %1$I.conversations WHERE id = $1)'
            ' AND EXISTS (SELECT FROM %1$I.users WHERE id = $2)', TG_TABLE_SCHEMA
        ) INTO stays USING OLD.conversation_id, OLD.user_id;
        IF NOT stays THEN
            RETURN OLD;
        END IF;
    END IF;
    RAISE EXCEPTION 'messages are only added: % is refused', TG_OP USING ERRCODE = 'restrict_violation';
END
$_$;
CREATE FUNCTION public.move_updated_at() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    NEW.updated_at := clock_timestamp();
    RETURN NEW;
END
$$;
CREATE FUNCTION public.refuse_message_delete() RETURNS trigger
    LANGUAGE plpgsql
    AS $_$
DECLARE
    stays boolean := true;
BEGIN
    -- By the table's own schema, because a cascade runs with whatever search_path the session has.
    EXECUTE format(
        'SELECT EXISTS (SELECT FROM %1$I.conversations WHERE id = $1)'
        ' AND EXISTS (SELECT FROM %1$I.users WHERE id = $2 AND deleted_at IS NULL)', TG_TABLE_SCHEMA
    ) INTO stays USING OLD.conversation_id, OLD.user_id;
    IF NOT stays THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'messages are only added: DELETE is refused' USING ERRCODE = 'restrict_violation';
END
$_$;
SET default_tablespace = '';
SET default_table_access_method = heap;
CREATE TABLE public.access_tokens (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    user_id uuid NOT NULL,
    name character varying(100) NOT NULL,
    prefix character varying(20) NOT NULL,
    token_hash character varying(64) NOT NULL,
    scopes character varying(100) NOT NULL,
    conversation_id uuid,
    created_at timestamp with time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
    last_used_at timestamp with time zone,
    expires_at timestamp with time zone,
    revoked_at timestamp with time zone
);
CREATE TABLE public.alembic_version (
    version_num character varying(32) NOT NULL
);
CREATE TABLE public.approvals (
    run_id uuid NOT NULL,
    tool_call_id character varying(120) NOT NULL,
    name character varying(100) NOT NULL,
    arguments jsonb NOT NULL,
    decision character varying(10),
    created_at timestamp with time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    decided_at timestamp with time zone,
    shown jsonb,
    digest character varying(64),
    CONSTRAINT approvals_decision_check CHECK (((decision)::text = ANY ((ARRAY['approved'::character varying, 'denied'::character varying, 'expired'::character varying, 'cancelled'::character varying])::text[])))
);
CREATE TABLE public.auth_sessions (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    user_id uuid NOT NULL,
    user_agent character varying(255),
    address character varying(64),
    created_at timestamp with time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
    last_used_at timestamp with time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    revoked_at timestamp with time zone,
    family_id uuid
);
CREATE TABLE public.conversations (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    user_id uuid NOT NULL,
    title character varying(255),
    created_at timestamp with time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
    updated_at timestamp with time zone DEFAULT CURRENT_TIMESTAMP NOT NULL
);
CREATE TABLE public.event_sequences (
    user_id uuid NOT NULL,
    last_seq bigint DEFAULT 0 NOT NULL
);
CREATE TABLE public.events (
    id bigint NOT NULL,
    user_id uuid NOT NULL,
    seq bigint,
    type character varying(40) NOT NULL,
    data jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT CURRENT_TIMESTAMP NOT NULL
);
CREATE SEQUENCE public.events_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.events_id_seq OWNED BY public.events.id;
CREATE TABLE public.idempotency_keys (
    user_id uuid NOT NULL,
    key character varying(255) NOT NULL,
    request_hash character varying(64) NOT NULL,
    status integer,
    body text,
    locked_until timestamp with time zone NOT NULL,
    created_at timestamp with time zone DEFAULT CURRENT_TIMESTAMP NOT NULL
);
CREATE TABLE public.messages (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    conversation_id uuid NOT NULL,
    user_id uuid NOT NULL,
    role character varying(10) NOT NULL,
    content text NOT NULL,
    tool_calls jsonb,
    created_at timestamp with time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
    seq integer NOT NULL,
    client_id character varying(64),
    run_id uuid,
    program_id uuid,
    program_name character varying(100),
    CONSTRAINT messages_role_check CHECK (((role)::text = ANY ((ARRAY['user'::character varying, 'agent'::character varying])::text[])))
);
CREATE TABLE public.rate_limits (
    key character varying(64) NOT NULL,
    hits integer NOT NULL,
    expires_at timestamp with time zone NOT NULL
);
CREATE TABLE public.refresh_tokens (
    token_hash character varying(64) NOT NULL,
    session_id uuid NOT NULL,
    created_at timestamp with time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    rotated_at timestamp with time zone,
    generation integer DEFAULT 0 NOT NULL,
    reused_at timestamp with time zone
);
CREATE TABLE public.run_events (
    run_id uuid NOT NULL,
    seq integer NOT NULL,
    type character varying(40) NOT NULL,
    data jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT CURRENT_TIMESTAMP NOT NULL
);
CREATE TABLE public.runs (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    conversation_id uuid NOT NULL,
    user_id uuid NOT NULL,
    trigger_seq integer NOT NULL,
    status character varying(20) DEFAULT 'queued'::character varying NOT NULL,
    error text,
    epoch integer DEFAULT 0 NOT NULL,
    lease_expires_at timestamp with time zone,
    input_tokens integer DEFAULT 0 NOT NULL,
    output_tokens integer DEFAULT 0 NOT NULL,
    created_at timestamp with time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
    started_at timestamp with time zone,
    finished_at timestamp with time zone,
    details_deleted_at timestamp with time zone,
    takeovers integer DEFAULT 0 NOT NULL,
    CONSTRAINT runs_status_check CHECK (((status)::text = ANY ((ARRAY['queued'::character varying, 'running'::character varying, 'awaiting_approval'::character varying, 'completed'::character varying, 'failed'::character varying, 'cancelled'::character varying])::text[])))
);
CREATE TABLE public.tasks (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    user_id uuid NOT NULL,
    title character varying(255) NOT NULL,
    description text,
    completed boolean DEFAULT false NOT NULL,
    created_at timestamp with time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
    updated_at timestamp with time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
    completed_at timestamp with time zone
);
CREATE TABLE public.users (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    email character varying(255) NOT NULL,
    password_hash character varying(255) NOT NULL,
    created_at timestamp with time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
    updated_at timestamp with time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
    display_name character varying(100),
    timezone character varying(64) DEFAULT 'UTC'::character varying NOT NULL,
    approval character varying(20) DEFAULT 'destructive'::character varying NOT NULL,
    deleted_at timestamp with time zone
);
ALTER TABLE ONLY public.events ALTER COLUMN id SET DEFAULT nextval('public.events_id_seq'::regclass);
INSERT INTO public.access_tokens VALUES ('3712a800-15df-4e0b-b0fc-60fc6a7bbd5f', '687c1a42-ccb0-43a0-91b4-646a8f3df6e4', 'Claude', 'parley_JhfNQ', '21b8fbc59372463bdb6acb569b227557d79c0149ff9821b90621f83d975b5261', 'read write', 'f9583a93-7970-4f3b-a7a8-9a531f2f4367', '2026-11-26 00:42:04.019368+00', '2026-11-26 00:42:04.033192+00', '2027-02-24 00:42:04.019285+00', NULL);
INSERT INTO public.alembic_version VALUES ('015_add_account_removal');
INSERT INTO public.approvals VALUES ('d25329c4-db6f-4871-bf5d-eb0c807f2b46', 'call_2', 'delete_task', '{"task_id": "e3e8474f-bc7a-4153-87d2-fb0034c764ff"}', 'denied', '2026-11-26 00:42:03.98554+00', '2026-11-26 01:42:03.98554+00', '2026-11-26 00:42:04.002654+00', '{"task": {"id": "e3e8474f-bc7a-4153-87d2-fb0034c764ff", "title": "Pay rent", "completed": false, "created_at": "2026-11-26T00:42:03.739563Z", "updated_at": "2026-11-26T00:42:03.739566Z", "description": null, "completed_at": null}}', '5dedcccfed53107fd61575045b5d4d575cdf27f1b465af6ce97f4a7b5cda2d50');
INSERT INTO public.auth_sessions VALUES ('bb44b295-04de-4de8-8a5f-3dbd5daea10a', '687c1a42-ccb0-43a0-91b4-646a8f3df6e4', 'python-httpx/0.28.1', '127.0.0.1', '2026-11-26 00:42:03.6456+00', '2026-11-26 00:42:04.267244+00', '2026-12-26 00:42:04.267244+00', NULL, NULL);
INSERT INTO public.conversations VALUES ('f9583a93-7970-4f3b-a7a8-9a531f2f4367', '687c1a42-ccb0-43a0-91b4-646a8f3df6e4', 'Claude', '2026-11-26 00:42:04.047425+00', '2026-11-26 00:42:04.053565+00');
INSERT INTO public.conversations VALUES ('4c210793-68ae-44d5-aba8-959eabcd10ac', '687c1a42-ccb0-43a0-91b4-646a8f3df6e4', 'add call mom tomorrow at 9 and pay rent', '2026-11-26 00:42:03.67361+00', '2026-11-26 00:42:04.068918+00');
INSERT INTO public.event_sequences VALUES ('687c1a42-ccb0-43a0-91b4-646a8f3df6e4', 33);
INSERT INTO public.events VALUES (1, '687c1a42-ccb0-43a0-91b4-646a8f3df6e4', 1, 'task.created', '{"task": {"id": "bb0656d9-4c47-42d5-88a3-583bcf9946cd", "title": "Buy milk", "completed": false, "created_at": "2026-11-26T00:42:03.661513Z", "updated_at": "2026-11-26T00:42:03.661515Z", "description": "2 litres", "completed_at": null}}', '2026-11-26 00:42:03.664564+00');
INSERT INTO public.events VALUES (15, '687c1a42-ccb0-43a0-91b4-646a8f3df6e4', 15, 'run.completed', '{"run": {"id": "3c93a979-27c3-4e73-b4de-d7754cdd73ba", "error": null, "status": "completed", "created_at": "2026-11-26T00:42:03.783789Z", "started_at": "2026-11-26T00:42:03.789998Z", "finished_at": "2026-11-26T00:42:03.855095Z", "input_tokens": 0, "output_tokens": 0, "conversation_id": "4c210793-68ae-44d5-aba8-959eabcd10ac", "pending_approvals": []}}', '2026-11-26 00:42:03.862309+00');
INSERT INTO public.events VALUES (23, '687c1a42-ccb0-43a0-91b4-646a8f3df6e4', 23, 'run.started', '{"run": {"id": "d25329c4-db6f-4871-bf5d-eb0c807f2b46", "error": null, "status": "running", "created_at": "2026-11-26T00:42:03.940598Z", "started_at": "2026-11-26T00:42:03.946523Z", "finished_at": null, "input_tokens": 0, "output_tokens": 0, "conversation_id": "4c210793-68ae-44d5-aba8-959eabcd10ac", "pending_approvals": []}}', '2026-11-26 00:42:03.952443+00');
INSERT INTO public.events VALUES (25, '687c1a42-ccb0-43a0-91b4-646a8f3df6e4', 25, 'approval.decided', '{"run": {"id": "d25329c4-db6f-4871-bf5d-eb0c807f2b46", "error": null, "status": "queued", "created_at": "2026-11-26T00:42:03.940598Z", "started_at": "2026-11-26T00:42:03.946523Z", "finished_at": null, "input_tokens": 0, "output_tokens": 0, "conversation_id": "4c210793-68ae-44d5-aba8-959eabcd10ac", "pending_approvals": []}}', '2026-11-26 00:42:04.008777+00');
INSERT INTO public.events VALUES (2, '687c1a42-ccb0-43a0-91b4-646a8f3df6e4', 2, 'conversation.created', '{"conversation": {"id": "4c210793-68ae-44d5-aba8-959eabcd10ac", "title": "add call mom tomorrow at 9 and pay rent", "created_at": "2026-11-26T00:42:03.673610Z", "updated_at": "2026-11-26T00:42:03.673622Z"}}', '2026-11-26 00:42:03.675013+00');
INSERT INTO public.events VALUES (3, '687c1a42-ccb0-43a0-91b4-646a8f3df6e4', 3, 'message.created', '{"message": {"id": "0f2be041-c315-4923-9721-6a4c68d75509", "role": "user", "run_id": "272da77d-d8f1-4c49-adb6-9fb6fe5a3309", "sender": {"id": "687c1a42-ccb0-43a0-91b4-646a8f3df6e4", "name": "Ann", "type": "user"}, "content": "add call mom tomorrow at 9 and pay rent", "client_id": null, "created_at": "2026-11-26T00:42:03.681605Z", "tool_calls": null, "conversation_id": "4c210793-68ae-44d5-aba8-959eabcd10ac"}}', '2026-11-26 00:42:03.685778+00');
INSERT INTO public.events VALUES (4, '687c1a42-ccb0-43a0-91b4-646a8f3df6e4', 4, 'run.queued', '{"run": {"id": "272da77d-d8f1-4c49-adb6-9fb6fe5a3309", "error": null, "status": "queued", "created_at": "2026-11-26T00:42:03.679947Z", "started_at": null, "finished_at": null, "input_tokens": 0, "output_tokens": 0, "conversation_id": "4c210793-68ae-44d5-aba8-959eabcd10ac", "pending_approvals": []}}', '2026-11-26 00:42:03.68646+00');
INSERT INTO public.events VALUES (5, '687c1a42-ccb0-43a0-91b4-646a8f3df6e4', 5, 'run.started', '{"run": {"id": "272da77d-d8f1-4c49-adb6-9fb6fe5a3309", "error": null, "status": "running", "created_at": "2026-11-26T00:42:03.679947Z", "started_at": "2026-11-26T00:42:03.691584Z", "finished_at": null, "input_tokens": 0, "output_tokens": 0, "conversation_id": "4c210793-68ae-44d5-aba8-959eabcd10ac", "pending_approvals": []}}', '2026-11-26 00:42:03.709921+00');
INSERT INTO public.events VALUES (6, '687c1a42-ccb0-43a0-91b4-646a8f3df6e4', 6, 'task.created', '{"task": {"id": "70b5e640-1831-46c1-ac3b-341bc790901b", "title": "Call mom", "completed": false, "created_at": "2026-11-26T00:42:03.734103Z", "updated_at": "2026-11-26T00:42:03.734105Z", "description": "Due Friday 27 November 2026, 09:00", "completed_at": null}}', '2026-11-26 00:42:03.735036+00');
INSERT INTO public.events VALUES (7, '687c1a42-ccb0-43a0-91b4-646a8f3df6e4', 7, 'task.created', '{"task": {"id": "e3e8474f-bc7a-4153-87d2-fb0034c764ff", "title": "Pay rent", "completed": false, "created_at": "2026-11-26T00:42:03.739563Z", "updated_at": "2026-11-26T00:42:03.739566Z", "description": null, "completed_at": null}}', '2026-11-26 00:42:03.741689+00');
INSERT INTO public.events VALUES (18, '687c1a42-ccb0-43a0-91b4-646a8f3df6e4', 18, 'run.started', '{"run": {"id": "4dc8985e-e80b-4f11-93b4-6ce8a41dfb60", "error": null, "status": "running", "created_at": "2026-11-26T00:42:03.871815Z", "started_at": "2026-11-26T00:42:03.877882Z", "finished_at": null, "input_tokens": 0, "output_tokens": 0, "conversation_id": "4c210793-68ae-44d5-aba8-959eabcd10ac", "pending_approvals": []}}', '2026-11-26 00:42:03.884627+00');
INSERT INTO public.events VALUES (21, '687c1a42-ccb0-43a0-91b4-646a8f3df6e4', 21, 'message.created', '{"message": {"id": "2b107bcc-2f38-4f0c-996c-17daabf9b690", "role": "user", "run_id": "d25329c4-db6f-4871-bf5d-eb0c807f2b46", "sender": {"id": "687c1a42-ccb0-43a0-91b4-646a8f3df6e4", "name": "Ann", "type": "user"}, "content": "delete pay rent", "client_id": null, "created_at": "2026-11-26T00:42:03.941319Z", "tool_calls": null, "conversation_id": "4c210793-68ae-44d5-aba8-959eabcd10ac"}}', '2026-11-26 00:42:03.943053+00');
INSERT INTO public.events VALUES (22, '687c1a42-ccb0-43a0-91b4-646a8f3df6e4', 22, 'run.queued', '{"run": {"id": "d25329c4-db6f-4871-bf5d-eb0c807f2b46", "error": null, "status": "queued", "created_at": "2026-11-26T00:42:03.940598Z", "started_at": null, "finished_at": null, "input_tokens": 0, "output_tokens": 0, "conversation_id": "4c210793-68ae-44d5-aba8-959eabcd10ac", "pending_approvals": []}}', '2026-11-26 00:42:03.943775+00');
INSERT INTO public.events VALUES (26, '687c1a42-ccb0-43a0-91b4-646a8f3df6e4', 26, 'run.started', '{"run": {"id": "d25329c4-db6f-4871-bf5d-eb0c807f2b46", "error": null, "status": "running", "created_at": "2026-11-26T00:42:03.940598Z", "started_at": "2026-11-26T00:42:03.946523Z", "finished_at": null, "input_tokens": 0, "output_tokens": 0, "conversation_id": "4c210793-68ae-44d5-aba8-959eabcd10ac", "pending_approvals": []}}', '2026-11-26 00:42:04.018617+00');
INSERT INTO public.events VALUES (27, '687c1a42-ccb0-43a0-91b4-646a8f3df6e4', 27, 'conversation.created', '{"conversation": {"id": "f9583a93-7970-4f3b-a7a8-9a531f2f4367", "title": "Claude", "created_at": "2026-11-26T00:42:04.047425Z", "updated_at": "2026-11-26T00:42:04.047428Z"}}', '2026-11-26 00:42:04.048491+00');
INSERT INTO public.events VALUES (28, '687c1a42-ccb0-43a0-91b4-646a8f3df6e4', 28, 'task.created', '{"task": {"id": "43a43b24-106f-49fa-9fa6-d9e8090b097e", "title": "Water the plants", "completed": false, "created_at": "2026-11-26T00:42:04.051927Z", "updated_at": "2026-11-26T00:42:04.051928Z", "description": null, "completed_at": null}}', '2026-11-26 00:42:04.052731+00');
INSERT INTO public.events VALUES (29, '687c1a42-ccb0-43a0-91b4-646a8f3df6e4', 29, 'message.created', '{"message": {"id": "8d220795-26af-45cc-95ff-e74991bd368c", "role": "user", "run_id": "13f095ee-d3ac-4095-8306-b4ebb56b25d3", "sender": {"id": "3712a800-15df-4e0b-b0fc-60fc6a7bbd5f", "name": "Claude", "type": "program"}, "content": "add_task {\"title\":\"Water the plants\"}", "client_id": null, "created_at": "2026-11-26T00:42:04.053565Z", "tool_calls": null, "conversation_id": "f9583a93-7970-4f3b-a7a8-9a531f2f4367"}}', '2026-11-26 00:42:04.061684+00');
INSERT INTO public.events VALUES (30, '687c1a42-ccb0-43a0-91b4-646a8f3df6e4', 30, 'message.created', '{"message": {"id": "f139c644-2a9c-4a83-9ceb-e7a4aaf36614", "role": "agent", "run_id": "13f095ee-d3ac-4095-8306-b4ebb56b25d3", "sender": {"id": null, "name": "Parley", "type": "agent"}, "content": "", "client_id": null, "created_at": "2026-11-26T00:42:04.053565Z", "tool_calls": [{"id": "call", "name": "add_task", "error": null, "result": {"id": "43a43b24-106f-49fa-9fa6-d9e8090b097e", "title": "Water the plants", "completed": false, "created_at": "2026-11-26T00:42:04.051927Z", "updated_at": "2026-11-26T00:42:04.051928Z", "description": null, "completed_at": null}, "arguments": {"title": "Water the plants"}, "started_at": "2026-11-26T00:42:04.051780Z", "finished_at": "2026-11-26T00:42:04.053537Z"}], "conversation_id": "f9583a93-7970-4f3b-a7a8-9a531f2f4367"}}', '2026-11-26 00:42:04.064551+00');
INSERT INTO public.events VALUES (8, '687c1a42-ccb0-43a0-91b4-646a8f3df6e4', 8, 'message.created', '{"message": {"id": "0f43ccc9-e187-4cb9-942c-783d7488d031", "role": "agent", "run_id": "272da77d-d8f1-4c49-adb6-9fb6fe5a3309", "sender": {"id": null, "name": "Parley", "type": "agent"}, "content": "Added 2 tasks:\n1. Call mom (due Friday 27 November, 09:00)\n2. Pay rent", "client_id": null, "created_at": "2026-11-26T00:42:03.765472Z", "tool_calls": [{"id": "call_1", "name": "add_task", "error": null, "result": {"id": "70b5e640-1831-46c1-ac3b-341bc790901b", "title": "Call mom", "completed": false, "created_at": "2026-11-26T00:42:03.734103Z", "updated_at": "2026-11-26T00:42:03.734105Z", "description": "Due Friday 27 November 2026, 09:00", "completed_at": null}, "arguments": {"title": "Call mom", "description": "Due Friday 27 November 2026, 09:00"}, "started_at": "2026-11-26T00:42:03.730514Z", "finished_at": "2026-11-26T00:42:03.735973Z"}, {"id": "call_2", "name": "add_task", "error": null, "result": {"id": "e3e8474f-bc7a-4153-87d2-fb0034c764ff", "title": "Pay rent", "completed": false, "created_at": "2026-11-26T00:42:03.739563Z", "updated_at": "2026-11-26T00:42:03.739566Z", "description": null, "completed_at": null}, "arguments": {"title": "Pay rent"}, "started_at": "2026-11-26T00:42:03.737461Z", "finished_at": "2026-11-26T00:42:03.742924Z"}], "conversation_id": "4c210793-68ae-44d5-aba8-959eabcd10ac"}}', '2026-11-26 00:42:03.768933+00');
INSERT INTO public.events VALUES (9, '687c1a42-ccb0-43a0-91b4-646a8f3df6e4', 9, 'run.completed', '{"run": {"id": "272da77d-d8f1-4c49-adb6-9fb6fe5a3309", "error": null, "status": "completed", "created_at": "2026-11-26T00:42:03.679947Z", "started_at": "2026-11-26T00:42:03.691584Z", "finished_at": "2026-11-26T00:42:03.763783Z", "input_tokens": 0, "output_tokens": 0, "conversation_id": "4c210793-68ae-44d5-aba8-959eabcd10ac", "pending_approvals": []}}', '2026-11-26 00:42:03.771723+00');
INSERT INTO public.events VALUES (10, '687c1a42-ccb0-43a0-91b4-646a8f3df6e4', 10, 'message.created', '{"message": {"id": "6b612511-cfec-43f7-91e4-6b89407a41c7", "role": "user", "run_id": "3c93a979-27c3-4e73-b4de-d7754cdd73ba", "sender": {"id": "687c1a42-ccb0-43a0-91b4-646a8f3df6e4", "name": "Ann", "type": "user"}, "content": "I called mom", "client_id": null, "created_at": "2026-11-26T00:42:03.784735Z", "tool_calls": null, "conversation_id": "4c210793-68ae-44d5-aba8-959eabcd10ac"}}', '2026-11-26 00:42:03.787178+00');
INSERT INTO public.events VALUES (11, '687c1a42-ccb0-43a0-91b4-646a8f3df6e4', 11, 'run.queued', '{"run": {"id": "3c93a979-27c3-4e73-b4de-d7754cdd73ba", "error": null, "status": "queued", "created_at": "2026-11-26T00:42:03.783789Z", "started_at": null, "finished_at": null, "input_tokens": 0, "output_tokens": 0, "conversation_id": "4c210793-68ae-44d5-aba8-959eabcd10ac", "pending_approvals": []}}', '2026-11-26 00:42:03.787869+00');
INSERT INTO public.events VALUES (12, '687c1a42-ccb0-43a0-91b4-646a8f3df6e4', 12, 'run.started', '{"run": {"id": "3c93a979-27c3-4e73-b4de-d7754cdd73ba", "error": null, "status": "running", "created_at": "2026-11-26T00:42:03.783789Z", "started_at": "2026-11-26T00:42:03.789998Z", "finished_at": null, "input_tokens": 0, "output_tokens": 0, "conversation_id": "4c210793-68ae-44d5-aba8-959eabcd10ac", "pending_approvals": []}}', '2026-11-26 00:42:03.795931+00');
INSERT INTO public.events VALUES (13, '687c1a42-ccb0-43a0-91b4-646a8f3df6e4', 13, 'task.updated', '{"task": {"id": "70b5e640-1831-46c1-ac3b-341bc790901b", "title": "Call mom", "completed": true, "created_at": "2026-11-26T00:42:03.734103Z", "updated_at": "2026-11-26T00:42:03.836681Z", "description": "Due Friday 27 November 2026, 09:00", "completed_at": "2026-11-26T00:42:03.836278Z"}}', '2026-11-26 00:42:03.837382+00');
INSERT INTO public.events VALUES (14, '687c1a42-ccb0-43a0-91b4-646a8f3df6e4', 14, 'message.created', '{"message": {"id": "6d11a229-0579-42d2-85a4-8e709666ca6c", "role": "agent", "run_id": "3c93a979-27c3-4e73-b4de-d7754cdd73ba", "sender": {"id": null, "name": "Parley", "type": "agent"}, "content": "Done: “Call mom”.", "client_id": null, "created_at": "2026-11-26T00:42:03.856803Z", "tool_calls": [{"id": "call_1", "name": "list_tasks", "error": null, "result": {"more": false, "tasks": [{"id": "70b5e640-1831-46c1-ac3b-341bc790901b", "title": "Call mom", "completed": false, "created_at": "2026-11-26T00:42:03.734103Z", "updated_at": "2026-11-26T00:42:03.734105Z", "description": "Due Friday 27 November 2026, 09:00", "completed_at": null}]}, "arguments": {"q": "mom", "completed": false}, "started_at": "2026-11-26T00:42:03.810813Z", "finished_at": "2026-11-26T00:42:03.817295Z"}, {"id": "call_2", "name": "complete_task", "error": null, "result": {"id": "70b5e640-1831-46c1-ac3b-341bc790901b", "title": "Call mom", "completed": true, "created_at": "2026-11-26T00:42:03.734103Z", "updated_at": "2026-11-26T00:42:03.836681Z", "description": "Due Friday 27 November 2026, 09:00", "completed_at": "2026-11-26T00:42:03.836278Z"}, "arguments": {"task_id": "70b5e640-1831-46c1-ac3b-341bc790901b"}, "started_at": "2026-11-26T00:42:03.831094Z", "finished_at": "2026-11-26T00:42:03.838311Z"}], "conversation_id": "4c210793-68ae-44d5-aba8-959eabcd10ac"}}', '2026-11-26 00:42:03.86025+00');
INSERT INTO public.events VALUES (16, '687c1a42-ccb0-43a0-91b4-646a8f3df6e4', 16, 'message.created', '{"message": {"id": "013488fe-a2f9-4757-93ce-9b03bbe0c9ab", "role": "user", "run_id": "4dc8985e-e80b-4f11-93b4-6ce8a41dfb60", "sender": {"id": "687c1a42-ccb0-43a0-91b4-646a8f3df6e4", "name": "Ann", "type": "user"}, "content": "what is on my list?", "client_id": null, "created_at": "2026-11-26T00:42:03.872685Z", "tool_calls": null, "conversation_id": "4c210793-68ae-44d5-aba8-959eabcd10ac"}}', '2026-11-26 00:42:03.875069+00');
INSERT INTO public.events VALUES (17, '687c1a42-ccb0-43a0-91b4-646a8f3df6e4', 17, 'run.queued', '{"run": {"id": "4dc8985e-e80b-4f11-93b4-6ce8a41dfb60", "error": null, "status": "queued", "created_at": "2026-11-26T00:42:03.871815Z", "started_at": null, "finished_at": null, "input_tokens": 0, "output_tokens": 0, "conversation_id": "4c210793-68ae-44d5-aba8-959eabcd10ac", "pending_approvals": []}}', '2026-11-26 00:42:03.875835+00');
INSERT INTO public.events VALUES (19, '687c1a42-ccb0-43a0-91b4-646a8f3df6e4', 19, 'message.created', '{"message": {"id": "9481c806-d8ae-481e-acf3-57a532905941", "role": "agent", "run_id": "4dc8985e-e80b-4f11-93b4-6ce8a41dfb60", "sender": {"id": null, "name": "Parley", "type": "agent"}, "content": "You have 2 open tasks:\n1. Pay rent\n2. Buy milk (2 litres)", "client_id": null, "created_at": "2026-11-26T00:42:03.925132Z", "tool_calls": [{"id": "call_1", "name": "list_tasks", "error": null, "result": {"more": false, "tasks": [{"id": "e3e8474f-bc7a-4153-87d2-fb0034c764ff", "title": "Pay rent", "completed": false, "created_at": "2026-11-26T00:42:03.739563Z", "updated_at": "2026-11-26T00:42:03.739566Z", "description": null, "completed_at": null}, {"id": "bb0656d9-4c47-42d5-88a3-583bcf9946cd", "title": "Buy milk", "completed": false, "created_at": "2026-11-26T00:42:03.661513Z", "updated_at": "2026-11-26T00:42:03.661515Z", "description": "2 litres", "completed_at": null}]}, "arguments": {"completed": false}, "started_at": "2026-11-26T00:42:03.898604Z", "finished_at": "2026-11-26T00:42:03.904597Z"}], "conversation_id": "4c210793-68ae-44d5-aba8-959eabcd10ac"}}', '2026-11-26 00:42:03.92855+00');
INSERT INTO public.events VALUES (20, '687c1a42-ccb0-43a0-91b4-646a8f3df6e4', 20, 'run.completed', '{"run": {"id": "4dc8985e-e80b-4f11-93b4-6ce8a41dfb60", "error": null, "status": "completed", "created_at": "2026-11-26T00:42:03.871815Z", "started_at": "2026-11-26T00:42:03.877882Z", "finished_at": "2026-11-26T00:42:03.923310Z", "input_tokens": 0, "output_tokens": 0, "conversation_id": "4c210793-68ae-44d5-aba8-959eabcd10ac", "pending_approvals": []}}', '2026-11-26 00:42:03.930904+00');
INSERT INTO public.events VALUES (24, '687c1a42-ccb0-43a0-91b4-646a8f3df6e4', 24, 'approval.requested', '{"run": {"id": "d25329c4-db6f-4871-bf5d-eb0c807f2b46", "error": null, "status": "awaiting_approval", "created_at": "2026-11-26T00:42:03.940598Z", "started_at": "2026-11-26T00:42:03.946523Z", "finished_at": null, "input_tokens": 0, "output_tokens": 0, "conversation_id": "4c210793-68ae-44d5-aba8-959eabcd10ac", "pending_approvals": [{"name": "delete_task", "shown": {"task": {"id": "e3e8474f-bc7a-4153-87d2-fb0034c764ff", "title": "Pay rent", "completed": false, "created_at": "2026-11-26T00:42:03.739563Z", "updated_at": "2026-11-26T00:42:03.739566Z", "description": null, "completed_at": null}}, "digest": "5dedcccfed53107fd61575045b5d4d575cdf27f1b465af6ce97f4a7b5cda2d50", "arguments": {"task_id": "e3e8474f-bc7a-4153-87d2-fb0034c764ff"}, "expires_at": "2026-11-26T01:42:03.985540Z", "tool_call_id": "call_2"}]}}', '2026-11-26 00:42:03.993029+00');
INSERT INTO public.events VALUES (31, '687c1a42-ccb0-43a0-91b4-646a8f3df6e4', 31, 'run.completed', '{"run": {"id": "13f095ee-d3ac-4095-8306-b4ebb56b25d3", "error": null, "status": "completed", "created_at": "2026-11-26T00:42:04.053565Z", "started_at": "2026-11-26T00:42:04.053565Z", "finished_at": "2026-11-26T00:42:04.053565Z", "input_tokens": 0, "output_tokens": 0, "conversation_id": "f9583a93-7970-4f3b-a7a8-9a531f2f4367", "pending_approvals": []}}', '2026-11-26 00:42:04.065208+00');
INSERT INTO public.events VALUES (32, '687c1a42-ccb0-43a0-91b4-646a8f3df6e4', 32, 'message.created', '{"message": {"id": "9c15d3ff-0950-4ce7-9df4-a46ed71995b3", "role": "agent", "run_id": "d25329c4-db6f-4871-bf5d-eb0c807f2b46", "sender": {"id": null, "name": "Parley", "type": "agent"}, "content": "I could not delete “Pay rent”: This was not approved; nothing was changed.", "client_id": null, "created_at": "2026-11-26T00:42:04.070294Z", "tool_calls": [{"id": "call_1", "name": "list_tasks", "error": null, "result": {"more": false, "tasks": [{"id": "e3e8474f-bc7a-4153-87d2-fb0034c764ff", "title": "Pay rent", "completed": false, "created_at": "2026-11-26T00:42:03.739563Z", "updated_at": "2026-11-26T00:42:03.739566Z", "description": null, "completed_at": null}]}, "arguments": {"q": "rent"}, "started_at": "2026-11-26T00:42:03.966399Z", "finished_at": "2026-11-26T00:42:03.972122Z"}, {"id": "call_2", "name": "delete_task", "error": "This was not approved; nothing was changed.", "result": null, "approval": {"shown": {"task": {"id": "e3e8474f-bc7a-4153-87d2-fb0034c764ff", "title": "Pay rent", "completed": false, "created_at": "2026-11-26T00:42:03.739563Z", "updated_at": "2026-11-26T00:42:03.739566Z", "description": null, "completed_at": null}}, "decision": "denied", "decided_at": "2026-11-26T00:42:04.002654Z", "requested_at": "2026-11-26T00:42:03.985540Z"}, "arguments": {"task_id": "e3e8474f-bc7a-4153-87d2-fb0034c764ff"}, "started_at": "2026-11-26T00:42:04.028198Z", "finished_at": "2026-11-26T00:42:04.029257Z"}], "conversation_id": "4c210793-68ae-44d5-aba8-959eabcd10ac"}}', '2026-11-26 00:42:04.074358+00');
INSERT INTO public.events VALUES (33, '687c1a42-ccb0-43a0-91b4-646a8f3df6e4', 33, 'run.completed', '{"run": {"id": "d25329c4-db6f-4871-bf5d-eb0c807f2b46", "error": null, "status": "completed", "created_at": "2026-11-26T00:42:03.940598Z", "started_at": "2026-11-26T00:42:03.946523Z", "finished_at": "2026-11-26T00:42:04.068918Z", "input_tokens": 0, "output_tokens": 0, "conversation_id": "4c210793-68ae-44d5-aba8-959eabcd10ac", "pending_approvals": []}}', '2026-11-26 00:42:04.076779+00');
INSERT INTO public.idempotency_keys VALUES ('687c1a42-ccb0-43a0-91b4-646a8f3df6e4', 'first-task', '46fa4e98aba34319aad83d9cb0ab349260ac21f4124f3118aeccddd40f5bdbf0', 201, '{"id":"bb0656d9-4c47-42d5-88a3-583bcf9946cd","title":"Buy milk","description":"2 litres","completed":false,"created_at":"2026-11-26T00:42:03.661513Z","updated_at":"2026-11-26T00:42:03.661515Z","completed_at":null}', '2026-11-26 00:42:33.659703+00', '2026-11-26 00:42:03.65979+00');
INSERT INTO public.messages VALUES ('0f2be041-c315-4923-9721-6a4c68d75509', '4c210793-68ae-44d5-aba8-959eabcd10ac', '687c1a42-ccb0-43a0-91b4-646a8f3df6e4', 'user', 'add call mom tomorrow at 9 and pay rent', NULL, '2026-11-26 00:42:03.681605+00', 1, NULL, '272da77d-d8f1-4c49-adb6-9fb6fe5a3309', NULL, NULL);
INSERT INTO public.messages VALUES ('0f43ccc9-e187-4cb9-942c-783d7488d031', '4c210793-68ae-44d5-aba8-959eabcd10ac', '687c1a42-ccb0-43a0-91b4-646a8f3df6e4', 'agent', 'Added 2 tasks:
1. Call mom (due Friday 27 November, 09:00)
2. Pay rent', '[{"id": "call_1", "name": "add_task", "error": null, "result": {"id": "70b5e640-1831-46c1-ac3b-341bc790901b", "title": "Call mom", "completed": false, "created_at": "2026-11-26T00:42:03.734103Z", "updated_at": "2026-11-26T00:42:03.734105Z", "description": "Due Friday 27 November 2026, 09:00", "completed_at": null}, "arguments": {"title": "Call mom", "description": "Due Friday 27 November 2026, 09:00"}, "started_at": "2026-11-26T00:42:03.730514Z", "finished_at": "2026-11-26T00:42:03.735973Z"}, {"id": "call_2", "name": "add_task", "error": null, "result": {"id": "e3e8474f-bc7a-4153-87d2-fb0034c764ff", "title": "Pay rent", "completed": false, "created_at": "2026-11-26T00:42:03.739563Z", "updated_at": "2026-11-26T00:42:03.739566Z", "description": null, "completed_at": null}, "arguments": {"title": "Pay rent"}, "started_at": "2026-11-26T00:42:03.737461Z", "finished_at": "2026-11-26T00:42:03.742924Z"}]', '2026-11-26 00:42:03.765472+00', 2, NULL, '272da77d-d8f1-4c49-adb6-9fb6fe5a3309', NULL, NULL);
INSERT INTO public.messages VALUES ('6b612511-cfec-43f7-91e4-6b89407a41c7', '4c210793-68ae-44d5-aba8-959eabcd10ac', '687c1a42-ccb0-43a0-91b4-646a8f3df6e4', 'user', 'I called mom', NULL, '2026-11-26 00:42:03.784735+00', 3, NULL, '3c93a979-27c3-4e73-b4de-d7754cdd73ba', NULL, NULL);
INSERT INTO public.messages VALUES ('6d11a229-0579-42d2-85a4-8e709666ca6c', '4c210793-68ae-44d5-aba8-959eabcd10ac', '687c1a42-ccb0-43a0-91b4-646a8f3df6e4', 'agent', 'Done: “Call mom”.', '[{"id": "call_1", "name": "list_tasks", "error": null, "result": {"more": false, "tasks": [{"id": "70b5e640-1831-46c1-ac3b-341bc790901b", "title": "Call mom", "completed": false, "created_at": "2026-11-26T00:42:03.734103Z", "updated_at": "2026-11-26T00:42:03.734105Z", "description": "Due Friday 27 November 2026, 09:00", "completed_at": null}]}, "arguments": {"q": "mom", "completed": false}, "started_at": "2026-11-26T00:42:03.810813Z", "finished_at": "2026-11-26T00:42:03.817295Z"}, {"id": "call_2", "name": "complete_task", "error": null, "result": {"id": "70b5e640-1831-46c1-ac3b-341bc790901b", "title": "Call mom", "completed": true, "created_at": "2026-11-26T00:42:03.734103Z", "updated_at": "2026-11-26T00:42:03.836681Z", "description": "Due Friday 27 November 2026, 09:00", "completed_at": "2026-11-26T00:42:03.836278Z"}, "arguments": {"task_id": "70b5e640-1831-46c1-ac3b-341bc790901b"}, "started_at": "2026-11-26T00:42:03.831094Z", "finished_at": "2026-11-26T00:42:03.838311Z"}]', '2026-11-26 00:42:03.856803+00', 4, NULL, '3c93a979-27c3-4e73-b4de-d7754cdd73ba', NULL, NULL);
INSERT INTO public.messages VALUES ('013488fe-a2f9-4757-93ce-9b03bbe0c9ab', '4c210793-68ae-44d5-aba8-959eabcd10ac', '687c1a42-ccb0-43a0-91b4-646a8f3df6e4', 'user', 'what is on my list?', NULL, '2026-11-26 00:42:03.872685+00', 5, NULL, '4dc8985e-e80b-4f11-93b4-6ce8a41dfb60', NULL, NULL);
INSERT INTO public.messages VALUES ('9481c806-d8ae-481e-acf3-57a532905941', '4c210793-68ae-44d5-aba8-959eabcd10ac', '687c1a42-ccb0-43a0-91b4-646a8f3df6e4', 'agent', 'You have 2 open tasks:
1. Pay rent
2. Buy milk (2 litres)', '[{"id": "call_1", "name": "list_tasks", "error": null, "result": {"more": false, "tasks": [{"id": "e3e8474f-bc7a-4153-87d2-fb0034c764ff", "title": "Pay rent", "completed": false, "created_at": "2026-11-26T00:42:03.739563Z", "updated_at": "2026-11-26T00:42:03.739566Z", "description": null, "completed_at": null}, {"id": "bb0656d9-4c47-42d5-88a3-583bcf9946cd", "title": "Buy milk", "completed": false, "created_at": "2026-11-26T00:42:03.661513Z", "updated_at": "2026-11-26T00:42:03.661515Z", "description": "2 litres", "completed_at": null}]}, "arguments": {"completed": false}, "started_at": "2026-11-26T00:42:03.898604Z", "finished_at": "2026-11-26T00:42:03.904597Z"}]', '2026-11-26 00:42:03.925132+00', 6, NULL, '4dc8985e-e80b-4f11-93b4-6ce8a41dfb60', NULL, NULL);
INSERT INTO public.messages VALUES ('2b107bcc-2f38-4f0c-996c-17daabf9b690', '4c210793-68ae-44d5-aba8-959eabcd10ac', '687c1a42-ccb0-43a0-91b4-646a8f3df6e4', 'user', 'delete pay rent', NULL, '2026-11-26 00:42:03.941319+00', 7, NULL, 'd25329c4-db6f-4871-bf5d-eb0c807f2b46', NULL, NULL);
INSERT INTO public.messages VALUES ('8d220795-26af-45cc-95ff-e74991bd368c', 'f9583a93-7970-4f3b-a7a8-9a531f2f4367', '687c1a42-ccb0-43a0-91b4-646a8f3df6e4', 'user', 'add_task {"title":"Water the plants"}', NULL, '2026-11-26 00:42:04.053565+00', 1, NULL, '13f095ee-d3ac-4095-8306-b4ebb56b25d3', '3712a800-15df-4e0b-b0fc-60fc6a7bbd5f', 'Claude');
INSERT INTO public.messages VALUES ('f139c644-2a9c-4a83-9ceb-e7a4aaf36614', 'f9583a93-7970-4f3b-a7a8-9a531f2f4367', '687c1a42-ccb0-43a0-91b4-646a8f3df6e4', 'agent', '', '[{"id": "call", "name": "add_task", "error": null, "result": {"id": "43a43b24-106f-49fa-9fa6-d9e8090b097e", "title": "Water the plants", "completed": false, "created_at": "2026-11-26T00:42:04.051927Z", "updated_at": "2026-11-26T00:42:04.051928Z", "description": null, "completed_at": null}, "arguments": {"title": "Water the plants"}, "started_at": "2026-11-26T00:42:04.051780Z", "finished_at": "2026-11-26T00:42:04.053537Z"}]', '2026-11-26 00:42:04.053565+00', 2, NULL, '13f095ee-d3ac-4095-8306-b4ebb56b25d3', NULL, NULL);
INSERT INTO public.messages VALUES ('9c15d3ff-0950-4ce7-9df4-a46ed71995b3', '4c210793-68ae-44d5-aba8-959eabcd10ac', '687c1a42-ccb0-43a0-91b4-646a8f3df6e4', 'agent', 'I could not delete “Pay rent”: This was not approved; nothing was changed.', '[{"id": "call_1", "name": "list_tasks", "error": null, "result": {"more": false, "tasks": [{"id": "e3e8474f-bc7a-4153-87d2-fb0034c764ff", "title": "Pay rent", "completed": false, "created_at": "2026-11-26T00:42:03.739563Z", "updated_at": "2026-11-26T00:42:03.739566Z", "description": null, "completed_at": null}]}, "arguments": {"q": "rent"}, "started_at": "2026-11-26T00:42:03.966399Z", "finished_at": "2026-11-26T00:42:03.972122Z"}, {"id": "call_2", "name": "delete_task", "error": "This was not approved; nothing was changed.", "result": null, "approval": {"shown": {"task": {"id": "e3e8474f-bc7a-4153-87d2-fb0034c764ff", "title": "Pay rent", "completed": false, "created_at": "2026-11-26T00:42:03.739563Z", "updated_at": "2026-11-26T00:42:03.739566Z", "description": null, "completed_at": null}}, "decision": "denied", "decided_at": "2026-11-26T00:42:04.002654Z", "requested_at": "2026-11-26T00:42:03.985540Z"}, "arguments": {"task_id": "e3e8474f-bc7a-4153-87d2-fb0034c764ff"}, "started_at": "2026-11-26T00:42:04.028198Z", "finished_at": "2026-11-26T00:42:04.029257Z"}]', '2026-11-26 00:42:04.070294+00', 8, NULL, 'd25329c4-db6f-4871-bf5d-eb0c807f2b46', NULL, NULL);
INSERT INTO public.rate_limits VALUES ('b30b19ee0f74e883277b8326fbe5568c80b6250323f8af419d96144c74a24629', 2, '2026-11-26 01:42:03.130486+00');
INSERT INTO public.rate_limits VALUES ('4b48c609e7897d4888d5d595486bdf5b68af6db86a67ec66ba09685d61dec5e9', 1, '2026-11-26 00:47:04.041898+00');
INSERT INTO public.rate_limits VALUES ('0f537e5fe8c557dde52830c7708d54f77fe8b440b8ce4c572b7c24b4cfeb5e16', 1, '2026-11-26 01:42:04.050593+00');
INSERT INTO public.rate_limits VALUES ('6b0edf1ec0992e177cbf944bcf94e9bad3f13484039139b204daaccb6877584e', 2, '2026-11-26 00:43:03.483006+00');
INSERT INTO public.rate_limits VALUES ('fc0e41f69e8be57c1c294454cd30b76be08a44e1ff6c2f14a91cf1901b9f4c60', 1, '2026-11-26 00:47:04.082985+00');
INSERT INTO public.rate_limits VALUES ('4214500724eaf7c0731ba8c6722b58e4c84e0c44a7fe900749a88d03282b2c16', 1, '2026-11-26 01:42:04.084395+00');
INSERT INTO public.rate_limits VALUES ('7be116db2e469760bb0da7d3d24dfd47b63219490f4ad3d28575060680ba6837', 1, '2026-11-26 01:42:04.259544+00');
INSERT INTO public.refresh_tokens VALUES ('acd4e6983d7365a7d3047dea3bd274c6dce09cac7ecd6ad500d9b9ed3abdc529', 'bb44b295-04de-4de8-8a5f-3dbd5daea10a', '2026-11-26 00:42:03.648921+00', '2026-12-26 00:42:03.648803+00', '2026-11-26 00:42:04.26556+00', 0, NULL);
INSERT INTO public.refresh_tokens VALUES ('137270b3ce8c1ac011d51b00745c60b52601527d070e4a07df9851ed0dee2b1a', 'bb44b295-04de-4de8-8a5f-3dbd5daea10a', '2026-11-26 00:42:04.267383+00', '2026-12-26 00:42:04.267244+00', NULL, 1, NULL);
INSERT INTO public.run_events VALUES ('272da77d-d8f1-4c49-adb6-9fb6fe5a3309', 1, 'run.started', '{"timezone": "Europe/Berlin", "conversation_id": "4c210793-68ae-44d5-aba8-959eabcd10ac", "user_message_id": "0f2be041-c315-4923-9721-6a4c68d75509"}', '2026-11-26 00:42:03.708678+00');
INSERT INTO public.run_events VALUES ('272da77d-d8f1-4c49-adb6-9fb6fe5a3309', 2, 'tool.call', '{"id": "call_1", "name": "add_task", "step": 0, "arguments": {"title": "Call mom", "description": "Due Friday 27 November 2026, 09:00"}}', '2026-11-26 00:42:03.728188+00');
INSERT INTO public.run_events VALUES ('272da77d-d8f1-4c49-adb6-9fb6fe5a3309', 3, 'tool.call', '{"id": "call_2", "name": "add_task", "step": 0, "arguments": {"title": "Pay rent"}}', '2026-11-26 00:42:03.729694+00');
INSERT INTO public.run_events VALUES ('272da77d-d8f1-4c49-adb6-9fb6fe5a3309', 4, 'tool.result', '{"id": "call_1", "name": "add_task", "step": 0, "error": null, "result": {"id": "70b5e640-1831-46c1-ac3b-341bc790901b", "title": "Call mom", "completed": false, "created_at": "2026-11-26T00:42:03.734103Z", "updated_at": "2026-11-26T00:42:03.734105Z", "description": "Due Friday 27 November 2026, 09:00", "completed_at": null}, "started_at": "2026-11-26T00:42:03.730514Z", "finished_at": "2026-11-26T00:42:03.735973Z"}', '2026-11-26 00:42:03.736715+00');
INSERT INTO public.run_events VALUES ('272da77d-d8f1-4c49-adb6-9fb6fe5a3309', 5, 'tool.result', '{"id": "call_2", "name": "add_task", "step": 0, "error": null, "result": {"id": "e3e8474f-bc7a-4153-87d2-fb0034c764ff", "title": "Pay rent", "completed": false, "created_at": "2026-11-26T00:42:03.739563Z", "updated_at": "2026-11-26T00:42:03.739566Z", "description": null, "completed_at": null}, "started_at": "2026-11-26T00:42:03.737461Z", "finished_at": "2026-11-26T00:42:03.742924Z"}', '2026-11-26 00:42:03.743715+00');
INSERT INTO public.run_events VALUES ('272da77d-d8f1-4c49-adb6-9fb6fe5a3309', 6, 'message.delta', '{"step": 1, "text": "Added 2 tasks:\n"}', '2026-11-26 00:42:03.75143+00');
INSERT INTO public.run_events VALUES ('272da77d-d8f1-4c49-adb6-9fb6fe5a3309', 7, 'message.delta', '{"step": 1, "text": "1. Call mom (due Friday 27 November, 09:00)\n2. Pay rent"}', '2026-11-26 00:42:03.756084+00');
INSERT INTO public.run_events VALUES ('272da77d-d8f1-4c49-adb6-9fb6fe5a3309', 8, 'message.completed', '{"message": {"id": "0f43ccc9-e187-4cb9-942c-783d7488d031", "role": "agent", "run_id": "272da77d-d8f1-4c49-adb6-9fb6fe5a3309", "sender": {"id": null, "name": "Parley", "type": "agent"}, "content": "Added 2 tasks:\n1. Call mom (due Friday 27 November, 09:00)\n2. Pay rent", "client_id": null, "created_at": "2026-11-26T00:42:03.765472Z", "tool_calls": [{"id": "call_1", "name": "add_task", "error": null, "result": {"id": "70b5e640-1831-46c1-ac3b-341bc790901b", "title": "Call mom", "completed": false, "created_at": "2026-11-26T00:42:03.734103Z", "updated_at": "2026-11-26T00:42:03.734105Z", "description": "Due Friday 27 November 2026, 09:00", "completed_at": null}, "arguments": {"title": "Call mom", "description": "Due Friday 27 November 2026, 09:00"}, "started_at": "2026-11-26T00:42:03.730514Z", "finished_at": "2026-11-26T00:42:03.735973Z"}, {"id": "call_2", "name": "add_task", "error": null, "result": {"id": "e3e8474f-bc7a-4153-87d2-fb0034c764ff", "title": "Pay rent", "completed": false, "created_at": "2026-11-26T00:42:03.739563Z", "updated_at": "2026-11-26T00:42:03.739566Z", "description": null, "completed_at": null}, "arguments": {"title": "Pay rent"}, "started_at": "2026-11-26T00:42:03.737461Z", "finished_at": "2026-11-26T00:42:03.742924Z"}], "conversation_id": "4c210793-68ae-44d5-aba8-959eabcd10ac"}}', '2026-11-26 00:42:03.768103+00');
INSERT INTO public.run_events VALUES ('272da77d-d8f1-4c49-adb6-9fb6fe5a3309', 9, 'run.completed', '{"error": null, "status": "completed", "message_id": "0f43ccc9-e187-4cb9-942c-783d7488d031"}', '2026-11-26 00:42:03.77104+00');
INSERT INTO public.run_events VALUES ('3c93a979-27c3-4e73-b4de-d7754cdd73ba', 1, 'run.started', '{"timezone": "Europe/Berlin", "conversation_id": "4c210793-68ae-44d5-aba8-959eabcd10ac", "user_message_id": "6b612511-cfec-43f7-91e4-6b89407a41c7"}', '2026-11-26 00:42:03.795255+00');
INSERT INTO public.run_events VALUES ('3c93a979-27c3-4e73-b4de-d7754cdd73ba', 2, 'tool.call', '{"id": "call_1", "name": "list_tasks", "step": 0, "arguments": {"q": "mom", "completed": false}}', '2026-11-26 00:42:03.809972+00');
INSERT INTO public.run_events VALUES ('3c93a979-27c3-4e73-b4de-d7754cdd73ba', 3, 'tool.result', '{"id": "call_1", "name": "list_tasks", "step": 0, "error": null, "result": {"more": false, "tasks": [{"id": "70b5e640-1831-46c1-ac3b-341bc790901b", "title": "Call mom", "completed": false, "created_at": "2026-11-26T00:42:03.734103Z", "updated_at": "2026-11-26T00:42:03.734105Z", "description": "Due Friday 27 November 2026, 09:00", "completed_at": null}]}, "started_at": "2026-11-26T00:42:03.810813Z", "finished_at": "2026-11-26T00:42:03.817295Z"}', '2026-11-26 00:42:03.81811+00');
INSERT INTO public.run_events VALUES ('3c93a979-27c3-4e73-b4de-d7754cdd73ba', 4, 'tool.call', '{"id": "call_2", "name": "complete_task", "step": 1, "arguments": {"task_id": "70b5e640-1831-46c1-ac3b-341bc790901b"}}', '2026-11-26 00:42:03.830267+00');
INSERT INTO public.run_events VALUES ('3c93a979-27c3-4e73-b4de-d7754cdd73ba', 5, 'tool.result', '{"id": "call_2", "name": "complete_task", "step": 1, "error": null, "result": {"id": "70b5e640-1831-46c1-ac3b-341bc790901b", "title": "Call mom", "completed": true, "created_at": "2026-11-26T00:42:03.734103Z", "updated_at": "2026-11-26T00:42:03.836681Z", "description": "Due Friday 27 November 2026, 09:00", "completed_at": "2026-11-26T00:42:03.836278Z"}, "started_at": "2026-11-26T00:42:03.831094Z", "finished_at": "2026-11-26T00:42:03.838311Z"}', '2026-11-26 00:42:03.839255+00');
INSERT INTO public.run_events VALUES ('3c93a979-27c3-4e73-b4de-d7754cdd73ba', 6, 'message.delta', '{"step": 2, "text": "Done: “Call mom”."}', '2026-11-26 00:42:03.84805+00');
INSERT INTO public.run_events VALUES ('3c93a979-27c3-4e73-b4de-d7754cdd73ba', 7, 'message.completed', '{"message": {"id": "6d11a229-0579-42d2-85a4-8e709666ca6c", "role": "agent", "run_id": "3c93a979-27c3-4e73-b4de-d7754cdd73ba", "sender": {"id": null, "name": "Parley", "type": "agent"}, "content": "Done: “Call mom”.", "client_id": null, "created_at": "2026-11-26T00:42:03.856803Z", "tool_calls": [{"id": "call_1", "name": "list_tasks", "error": null, "result": {"more": false, "tasks": [{"id": "70b5e640-1831-46c1-ac3b-341bc790901b", "title": "Call mom", "completed": false, "created_at": "2026-11-26T00:42:03.734103Z", "updated_at": "2026-11-26T00:42:03.734105Z", "description": "Due Friday 27 November 2026, 09:00", "completed_at": null}]}, "arguments": {"q": "mom", "completed": false}, "started_at": "2026-11-26T00:42:03.810813Z", "finished_at": "2026-11-26T00:42:03.817295Z"}, {"id": "call_2", "name": "complete_task", "error": null, "result": {"id": "70b5e640-1831-46c1-ac3b-341bc790901b", "title": "Call mom", "completed": true, "created_at": "2026-11-26T00:42:03.734103Z", "updated_at": "2026-11-26T00:42:03.836681Z", "description": "Due Friday 27 November 2026, 09:00", "completed_at": "2026-11-26T00:42:03.836278Z"}, "arguments": {"task_id": "70b5e640-1831-46c1-ac3b-341bc790901b"}, "started_at": "2026-11-26T00:42:03.831094Z", "finished_at": "2026-11-26T00:42:03.838311Z"}], "conversation_id": "4c210793-68ae-44d5-aba8-959eabcd10ac"}}', '2026-11-26 00:42:03.859612+00');
INSERT INTO public.run_events VALUES ('3c93a979-27c3-4e73-b4de-d7754cdd73ba', 8, 'run.completed', '{"error": null, "status": "completed", "message_id": "6d11a229-0579-42d2-85a4-8e709666ca6c"}', '2026-11-26 00:42:03.861752+00');
INSERT INTO public.run_events VALUES ('4dc8985e-e80b-4f11-93b4-6ce8a41dfb60', 1, 'run.started', '{"timezone": "Europe/Berlin", "conversation_id": "4c210793-68ae-44d5-aba8-959eabcd10ac", "user_message_id": "013488fe-a2f9-4757-93ce-9b03bbe0c9ab"}', '2026-11-26 00:42:03.883934+00');
INSERT INTO public.run_events VALUES ('4dc8985e-e80b-4f11-93b4-6ce8a41dfb60', 2, 'tool.call', '{"id": "call_1", "name": "list_tasks", "step": 0, "arguments": {"completed": false}}', '2026-11-26 00:42:03.897795+00');
INSERT INTO public.run_events VALUES ('4dc8985e-e80b-4f11-93b4-6ce8a41dfb60', 5, 'message.delta', '{"step": 1, "text": "open tasks:\n1. Pay rent\n2. Buy milk (2 litres)"}', '2026-11-26 00:42:03.917224+00');
INSERT INTO public.run_events VALUES ('d25329c4-db6f-4871-bf5d-eb0c807f2b46', 1, 'run.started', '{"timezone": "Europe/Berlin", "conversation_id": "4c210793-68ae-44d5-aba8-959eabcd10ac", "user_message_id": "2b107bcc-2f38-4f0c-996c-17daabf9b690"}', '2026-11-26 00:42:03.951838+00');
INSERT INTO public.run_events VALUES ('4dc8985e-e80b-4f11-93b4-6ce8a41dfb60', 3, 'tool.result', '{"id": "call_1", "name": "list_tasks", "step": 0, "error": null, "result": {"more": false, "tasks": [{"id": "e3e8474f-bc7a-4153-87d2-fb0034c764ff", "title": "Pay rent", "completed": false, "created_at": "2026-11-26T00:42:03.739563Z", "updated_at": "2026-11-26T00:42:03.739566Z", "description": null, "completed_at": null}, {"id": "bb0656d9-4c47-42d5-88a3-583bcf9946cd", "title": "Buy milk", "completed": false, "created_at": "2026-11-26T00:42:03.661513Z", "updated_at": "2026-11-26T00:42:03.661515Z", "description": "2 litres", "completed_at": null}]}, "started_at": "2026-11-26T00:42:03.898604Z", "finished_at": "2026-11-26T00:42:03.904597Z"}', '2026-11-26 00:42:03.905279+00');
INSERT INTO public.run_events VALUES ('4dc8985e-e80b-4f11-93b4-6ce8a41dfb60', 4, 'message.delta', '{"step": 1, "text": "You have 2 "}', '2026-11-26 00:42:03.913624+00');
INSERT INTO public.run_events VALUES ('d25329c4-db6f-4871-bf5d-eb0c807f2b46', 7, 'tool.result', '{"id": "call_2", "name": "delete_task", "step": 1, "error": "This was not approved; nothing was changed.", "result": null, "started_at": "2026-11-26T00:42:04.028198Z", "finished_at": "2026-11-26T00:42:04.029257Z"}', '2026-11-26 00:42:04.030348+00');
INSERT INTO public.run_events VALUES ('13f095ee-d3ac-4095-8306-b4ebb56b25d3', 1, 'run.started', '{"source": "mcp", "program": {"id": "3712a800-15df-4e0b-b0fc-60fc6a7bbd5f", "name": "Claude"}, "conversation_id": "f9583a93-7970-4f3b-a7a8-9a531f2f4367", "user_message_id": "8d220795-26af-45cc-95ff-e74991bd368c"}', '2026-11-26 00:42:04.05465+00');
INSERT INTO public.run_events VALUES ('13f095ee-d3ac-4095-8306-b4ebb56b25d3', 2, 'tool.call', '{"id": "call", "name": "add_task", "step": 0, "arguments": {"title": "Water the plants"}}', '2026-11-26 00:42:04.054697+00');
INSERT INTO public.run_events VALUES ('13f095ee-d3ac-4095-8306-b4ebb56b25d3', 3, 'tool.result', '{"id": "call", "name": "add_task", "step": 0, "error": null, "result": {"id": "43a43b24-106f-49fa-9fa6-d9e8090b097e", "title": "Water the plants", "completed": false, "created_at": "2026-11-26T00:42:04.051927Z", "updated_at": "2026-11-26T00:42:04.051928Z", "description": null, "completed_at": null}, "started_at": "2026-11-26T00:42:04.051780Z", "finished_at": "2026-11-26T00:42:04.053537Z"}', '2026-11-26 00:42:04.054737+00');
INSERT INTO public.run_events VALUES ('13f095ee-d3ac-4095-8306-b4ebb56b25d3', 4, 'message.completed', '{"message": {"id": "f139c644-2a9c-4a83-9ceb-e7a4aaf36614", "role": "agent", "run_id": "13f095ee-d3ac-4095-8306-b4ebb56b25d3", "sender": {"id": null, "name": "Parley", "type": "agent"}, "content": "", "client_id": null, "created_at": "2026-11-26T00:42:04.053565Z", "tool_calls": [{"id": "call", "name": "add_task", "error": null, "result": {"id": "43a43b24-106f-49fa-9fa6-d9e8090b097e", "title": "Water the plants", "completed": false, "created_at": "2026-11-26T00:42:04.051927Z", "updated_at": "2026-11-26T00:42:04.051928Z", "description": null, "completed_at": null}, "arguments": {"title": "Water the plants"}, "started_at": "2026-11-26T00:42:04.051780Z", "finished_at": "2026-11-26T00:42:04.053537Z"}], "conversation_id": "f9583a93-7970-4f3b-a7a8-9a531f2f4367"}}', '2026-11-26 00:42:04.0548+00');
INSERT INTO public.run_events VALUES ('13f095ee-d3ac-4095-8306-b4ebb56b25d3', 5, 'run.completed', '{"error": null, "status": "completed", "message_id": "f139c644-2a9c-4a83-9ceb-e7a4aaf36614"}', '2026-11-26 00:42:04.054835+00');
INSERT INTO public.run_events VALUES ('4dc8985e-e80b-4f11-93b4-6ce8a41dfb60', 6, 'message.completed', '{"message": {"id": "9481c806-d8ae-481e-acf3-57a532905941", "role": "agent", "run_id": "4dc8985e-e80b-4f11-93b4-6ce8a41dfb60", "sender": {"id": null, "name": "Parley", "type": "agent"}, "content": "You have 2 open tasks:\n1. Pay rent\n2. Buy milk (2 litres)", "client_id": null, "created_at": "2026-11-26T00:42:03.925132Z", "tool_calls": [{"id": "call_1", "name": "list_tasks", "error": null, "result": {"more": false, "tasks": [{"id": "e3e8474f-bc7a-4153-87d2-fb0034c764ff", "title": "Pay rent", "completed": false, "created_at": "2026-11-26T00:42:03.739563Z", "updated_at": "2026-11-26T00:42:03.739566Z", "description": null, "completed_at": null}, {"id": "bb0656d9-4c47-42d5-88a3-583bcf9946cd", "title": "Buy milk", "completed": false, "created_at": "2026-11-26T00:42:03.661513Z", "updated_at": "2026-11-26T00:42:03.661515Z", "description": "2 litres", "completed_at": null}]}, "arguments": {"completed": false}, "started_at": "2026-11-26T00:42:03.898604Z", "finished_at": "2026-11-26T00:42:03.904597Z"}], "conversation_id": "4c210793-68ae-44d5-aba8-959eabcd10ac"}}', '2026-11-26 00:42:03.927827+00');
INSERT INTO public.run_events VALUES ('4dc8985e-e80b-4f11-93b4-6ce8a41dfb60', 7, 'run.completed', '{"error": null, "status": "completed", "message_id": "9481c806-d8ae-481e-acf3-57a532905941"}', '2026-11-26 00:42:03.930257+00');
INSERT INTO public.run_events VALUES ('d25329c4-db6f-4871-bf5d-eb0c807f2b46', 2, 'tool.call', '{"id": "call_1", "name": "list_tasks", "step": 0, "arguments": {"q": "rent"}}', '2026-11-26 00:42:03.965639+00');
INSERT INTO public.run_events VALUES ('d25329c4-db6f-4871-bf5d-eb0c807f2b46', 5, 'approval.requested', '{"id": "call_2", "name": "delete_task", "step": 1, "shown": {"task": {"id": "e3e8474f-bc7a-4153-87d2-fb0034c764ff", "title": "Pay rent", "completed": false, "created_at": "2026-11-26T00:42:03.739563Z", "updated_at": "2026-11-26T00:42:03.739566Z", "description": null, "completed_at": null}}, "digest": "5dedcccfed53107fd61575045b5d4d575cdf27f1b465af6ce97f4a7b5cda2d50", "arguments": {"task_id": "e3e8474f-bc7a-4153-87d2-fb0034c764ff"}, "expires_at": "2026-11-26T01:42:03.985540Z", "requested_at": "2026-11-26T00:42:03.985540Z"}', '2026-11-26 00:42:03.989635+00');
INSERT INTO public.run_events VALUES ('d25329c4-db6f-4871-bf5d-eb0c807f2b46', 9, 'message.delta', '{"step": 2, "text": "delete “Pay rent”: This was not approved; nothing was changed."}', '2026-11-26 00:42:04.058192+00');
INSERT INTO public.run_events VALUES ('d25329c4-db6f-4871-bf5d-eb0c807f2b46', 10, 'message.completed', '{"message": {"id": "9c15d3ff-0950-4ce7-9df4-a46ed71995b3", "role": "agent", "run_id": "d25329c4-db6f-4871-bf5d-eb0c807f2b46", "sender": {"id": null, "name": "Parley", "type": "agent"}, "content": "I could not delete “Pay rent”: This was not approved; nothing was changed.", "client_id": null, "created_at": "2026-11-26T00:42:04.070294Z", "tool_calls": [{"id": "call_1", "name": "list_tasks", "error": null, "result": {"more": false, "tasks": [{"id": "e3e8474f-bc7a-4153-87d2-fb0034c764ff", "title": "Pay rent", "completed": false, "created_at": "2026-11-26T00:42:03.739563Z", "updated_at": "2026-11-26T00:42:03.739566Z", "description": null, "completed_at": null}]}, "arguments": {"q": "rent"}, "started_at": "2026-11-26T00:42:03.966399Z", "finished_at": "2026-11-26T00:42:03.972122Z"}, {"id": "call_2", "name": "delete_task", "error": "This was not approved; nothing was changed.", "result": null, "approval": {"shown": {"task": {"id": "e3e8474f-bc7a-4153-87d2-fb0034c764ff", "title": "Pay rent", "completed": false, "created_at": "2026-11-26T00:42:03.739563Z", "updated_at": "2026-11-26T00:42:03.739566Z", "description": null, "completed_at": null}}, "decision": "denied", "decided_at": "2026-11-26T00:42:04.002654Z", "requested_at": "2026-11-26T00:42:03.985540Z"}, "arguments": {"task_id": "e3e8474f-bc7a-4153-87d2-fb0034c764ff"}, "started_at": "2026-11-26T00:42:04.028198Z", "finished_at": "2026-11-26T00:42:04.029257Z"}], "conversation_id": "4c210793-68ae-44d5-aba8-959eabcd10ac"}}', '2026-11-26 00:42:04.073073+00');
INSERT INTO public.run_events VALUES ('d25329c4-db6f-4871-bf5d-eb0c807f2b46', 11, 'run.completed', '{"error": null, "status": "completed", "message_id": "9c15d3ff-0950-4ce7-9df4-a46ed71995b3"}', '2026-11-26 00:42:04.076196+00');
INSERT INTO public.run_events VALUES ('d25329c4-db6f-4871-bf5d-eb0c807f2b46', 3, 'tool.result', '{"id": "call_1", "name": "list_tasks", "step": 0, "error": null, "result": {"more": false, "tasks": [{"id": "e3e8474f-bc7a-4153-87d2-fb0034c764ff", "title": "Pay rent", "completed": false, "created_at": "2026-11-26T00:42:03.739563Z", "updated_at": "2026-11-26T00:42:03.739566Z", "description": null, "completed_at": null}]}, "started_at": "2026-11-26T00:42:03.966399Z", "finished_at": "2026-11-26T00:42:03.972122Z"}', '2026-11-26 00:42:03.972786+00');
INSERT INTO public.run_events VALUES ('d25329c4-db6f-4871-bf5d-eb0c807f2b46', 4, 'tool.call', '{"id": "call_2", "name": "delete_task", "step": 1, "arguments": {"task_id": "e3e8474f-bc7a-4153-87d2-fb0034c764ff"}}', '2026-11-26 00:42:03.981605+00');
INSERT INTO public.run_events VALUES ('d25329c4-db6f-4871-bf5d-eb0c807f2b46', 6, 'approval.decided', '{"id": "call_2", "step": 1, "decision": "denied", "decided_at": "2026-11-26T00:42:04.002654Z"}', '2026-11-26 00:42:04.005928+00');
INSERT INTO public.run_events VALUES ('d25329c4-db6f-4871-bf5d-eb0c807f2b46', 8, 'message.delta', '{"step": 2, "text": "I could not "}', '2026-11-26 00:42:04.044584+00');
INSERT INTO public.runs VALUES ('272da77d-d8f1-4c49-adb6-9fb6fe5a3309', '4c210793-68ae-44d5-aba8-959eabcd10ac', '687c1a42-ccb0-43a0-91b4-646a8f3df6e4', 1, 'completed', NULL, 1, NULL, 0, 0, '2026-11-26 00:42:03.679947+00', '2026-11-26 00:42:03.691584+00', '2026-11-26 00:42:03.763783+00', NULL, 0);
INSERT INTO public.runs VALUES ('3c93a979-27c3-4e73-b4de-d7754cdd73ba', '4c210793-68ae-44d5-aba8-959eabcd10ac', '687c1a42-ccb0-43a0-91b4-646a8f3df6e4', 3, 'completed', NULL, 1, NULL, 0, 0, '2026-11-26 00:42:03.783789+00', '2026-11-26 00:42:03.789998+00', '2026-11-26 00:42:03.855095+00', NULL, 0);
INSERT INTO public.runs VALUES ('4dc8985e-e80b-4f11-93b4-6ce8a41dfb60', '4c210793-68ae-44d5-aba8-959eabcd10ac', '687c1a42-ccb0-43a0-91b4-646a8f3df6e4', 5, 'completed', NULL, 1, NULL, 0, 0, '2026-11-26 00:42:03.871815+00', '2026-11-26 00:42:03.877882+00', '2026-11-26 00:42:03.92331+00', NULL, 0);
INSERT INTO public.runs VALUES ('13f095ee-d3ac-4095-8306-b4ebb56b25d3', 'f9583a93-7970-4f3b-a7a8-9a531f2f4367', '687c1a42-ccb0-43a0-91b4-646a8f3df6e4', 1, 'completed', NULL, 0, NULL, 0, 0, '2026-11-26 00:42:04.053565+00', '2026-11-26 00:42:04.053565+00', '2026-11-26 00:42:04.053565+00', NULL, 0);
INSERT INTO public.runs VALUES ('d25329c4-db6f-4871-bf5d-eb0c807f2b46', '4c210793-68ae-44d5-aba8-959eabcd10ac', '687c1a42-ccb0-43a0-91b4-646a8f3df6e4', 7, 'completed', NULL, 2, NULL, 0, 0, '2026-11-26 00:42:03.940598+00', '2026-11-26 00:42:03.946523+00', '2026-11-26 00:42:04.068918+00', NULL, 0);
INSERT INTO public.tasks VALUES ('bb0656d9-4c47-42d5-88a3-583bcf9946cd', '687c1a42-ccb0-43a0-91b4-646a8f3df6e4', 'Buy milk', '2 litres', false, '2026-11-26 00:42:03.661513+00', '2026-11-26 00:42:03.661515+00', NULL);
INSERT INTO public.tasks VALUES ('e3e8474f-bc7a-4153-87d2-fb0034c764ff', '687c1a42-ccb0-43a0-91b4-646a8f3df6e4', 'Pay rent', NULL, false, '2026-11-26 00:42:03.739563+00', '2026-11-26 00:42:03.739566+00', NULL);
INSERT INTO public.tasks VALUES ('70b5e640-1831-46c1-ac3b-341bc790901b', '687c1a42-ccb0-43a0-91b4-646a8f3df6e4', 'Call mom', 'Due Friday 27 November 2026, 09:00', true, '2026-11-26 00:42:03.734103+00', '2026-11-26 00:42:03.836681+00', '2026-11-26 00:42:03.836278+00');
INSERT INTO public.tasks VALUES ('43a43b24-106f-49fa-9fa6-d9e8090b097e', '687c1a42-ccb0-43a0-91b4-646a8f3df6e4', 'Water the plants', NULL, false, '2026-11-26 00:42:04.051927+00', '2026-11-26 00:42:04.051928+00', NULL);
INSERT INTO public.users VALUES ('7d2169e2-037f-428f-b603-d4bdfa14e6e8', 'bob@example.com', '$argon2id$v=19$m=65536,t=3,p=4$2ntvbc15z3nv3ZuTktJaSw$/KaYcPcPHqxkxFIVk6uTUCVNbHhei5AlTQtnJ6C9bus', '2026-11-26 00:42:03.319694+00', '2026-11-26 00:42:03.319701+00', 'Bob', 'UTC', 'destructive', NULL);
INSERT INTO public.users VALUES ('687c1a42-ccb0-43a0-91b4-646a8f3df6e4', 'ann@example.com', '$argon2id$v=19$m=65536,t=3,p=4$gJByDkFoTclZi3Hufe+9lw$LsZaRfla6cOKFzLRd+2rMtyVoFChVGj0dXTtdm3DW84', '2026-11-26 00:42:03.478074+00', '2026-11-26 00:42:03.478081+00', 'Ann', 'Europe/Berlin', 'destructive', NULL);
SELECT pg_catalog.setval('public.events_id_seq', 33, true);
ALTER TABLE ONLY public.access_tokens
    ADD CONSTRAINT access_tokens_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.access_tokens
    ADD CONSTRAINT access_tokens_token_hash_key UNIQUE (token_hash);
ALTER TABLE ONLY public.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);
ALTER TABLE ONLY public.approvals
    ADD CONSTRAINT approvals_pkey PRIMARY KEY (run_id, tool_call_id);
ALTER TABLE ONLY public.auth_sessions
    ADD CONSTRAINT auth_sessions_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.conversations
    ADD CONSTRAINT conversations_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.event_sequences
    ADD CONSTRAINT event_sequences_pkey PRIMARY KEY (user_id);
ALTER TABLE ONLY public.events
    ADD CONSTRAINT events_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.idempotency_keys
    ADD CONSTRAINT idempotency_keys_pkey PRIMARY KEY (user_id, key);
ALTER TABLE ONLY public.messages
    ADD CONSTRAINT messages_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.rate_limits
    ADD CONSTRAINT rate_limits_pkey PRIMARY KEY (key);
ALTER TABLE ONLY public.refresh_tokens
    ADD CONSTRAINT refresh_tokens_pkey PRIMARY KEY (token_hash);
ALTER TABLE ONLY public.run_events
    ADD CONSTRAINT run_events_pkey PRIMARY KEY (run_id, seq);
ALTER TABLE ONLY public.runs
    ADD CONSTRAINT runs_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.tasks
    ADD CONSTRAINT tasks_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.events
    ADD CONSTRAINT uq_events_user_id_seq UNIQUE (user_id, seq);
ALTER TABLE ONLY public.messages
    ADD CONSTRAINT uq_messages_conversation_id_seq UNIQUE (conversation_id, seq);
ALTER TABLE ONLY public.messages
    ADD CONSTRAINT uq_messages_run_id_role UNIQUE (run_id, role);
ALTER TABLE ONLY public.messages
    ADD CONSTRAINT uq_messages_user_id_client_id UNIQUE (user_id, client_id);
ALTER TABLE ONLY public.runs
    ADD CONSTRAINT uq_runs_conversation_id_trigger_seq UNIQUE (conversation_id, trigger_seq);
ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_email_key UNIQUE (email);
ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_pkey PRIMARY KEY (id);
CREATE INDEX idx_access_tokens_conversation_id ON public.access_tokens USING btree (conversation_id);
CREATE INDEX idx_access_tokens_user_id ON public.access_tokens USING btree (user_id);
CREATE INDEX idx_approvals_decision_expires_at ON public.approvals USING btree (decision, expires_at);
CREATE INDEX idx_auth_sessions_expires_at ON public.auth_sessions USING btree (expires_at);
CREATE INDEX idx_auth_sessions_revoked_at ON public.auth_sessions USING btree (revoked_at);
CREATE INDEX idx_auth_sessions_user_id ON public.auth_sessions USING btree (user_id);
CREATE INDEX idx_conversations_user_id ON public.conversations USING btree (user_id);
CREATE INDEX idx_conversations_user_id_updated_at ON public.conversations USING btree (user_id, updated_at DESC);
CREATE INDEX idx_events_created_at ON public.events USING btree (created_at);
CREATE INDEX idx_idempotency_keys_created_at ON public.idempotency_keys USING btree (created_at);
CREATE INDEX idx_messages_conversation_id ON public.messages USING btree (conversation_id);
CREATE INDEX idx_messages_conversation_id_created_at ON public.messages USING btree (conversation_id, created_at);
CREATE INDEX idx_messages_user_id ON public.messages USING btree (user_id);
CREATE INDEX idx_rate_limits_expires_at ON public.rate_limits USING btree (expires_at);
CREATE INDEX idx_refresh_tokens_session_id ON public.refresh_tokens USING btree (session_id);
CREATE INDEX idx_runs_details_deleted_at_finished_at ON public.runs USING btree (details_deleted_at, finished_at);
CREATE INDEX idx_runs_status_lease_expires_at ON public.runs USING btree (status, lease_expires_at);
CREATE INDEX idx_runs_status_user_id_conversation_id_trigger_seq ON public.runs USING btree (status, user_id, conversation_id, trigger_seq);
CREATE INDEX idx_runs_user_id ON public.runs USING btree (user_id);
CREATE INDEX idx_tasks_user_id ON public.tasks USING btree (user_id);
CREATE INDEX idx_tasks_user_id_completed_at ON public.tasks USING btree (user_id, completed_at);
CREATE INDEX idx_tasks_user_id_created_at ON public.tasks USING btree (user_id, created_at DESC);
CREATE INDEX idx_users_deleted_at ON public.users USING btree (deleted_at);
CREATE INDEX idx_users_email ON public.users USING btree (email);
CREATE TRIGGER auth_sessions_keep_created_at BEFORE UPDATE ON public.auth_sessions FOR EACH ROW WHEN ((old.created_at IS DISTINCT FROM new.created_at)) EXECUTE FUNCTION public.keep_created_at();
CREATE TRIGGER conversations_keep_created_at BEFORE UPDATE ON public.conversations FOR EACH ROW WHEN ((old.created_at IS DISTINCT FROM new.created_at)) EXECUTE FUNCTION public.keep_created_at();
CREATE TRIGGER conversations_move_updated_at BEFORE UPDATE ON public.conversations FOR EACH ROW WHEN ((old.updated_at = new.updated_at)) EXECUTE FUNCTION public.move_updated_at();
CREATE TRIGGER messages_refuse_delete BEFORE DELETE ON public.messages FOR EACH ROW EXECUTE FUNCTION public.refuse_message_delete();
CREATE TRIGGER messages_refuse_truncate BEFORE TRUNCATE ON public.messages FOR EACH STATEMENT EXECUTE FUNCTION public.keep_messages();
CREATE TRIGGER messages_refuse_update BEFORE UPDATE ON public.messages FOR EACH ROW EXECUTE FUNCTION public.keep_messages();
CREATE TRIGGER refresh_tokens_keep_created_at BEFORE UPDATE ON public.refresh_tokens FOR EACH ROW WHEN ((old.created_at IS DISTINCT FROM new.created_at)) EXECUTE FUNCTION public.keep_created_at();
CREATE TRIGGER run_events_keep_created_at BEFORE UPDATE ON public.run_events FOR EACH ROW WHEN ((old.created_at IS DISTINCT FROM new.created_at)) EXECUTE FUNCTION public.keep_created_at();
CREATE TRIGGER runs_keep_created_at BEFORE UPDATE ON public.runs FOR EACH ROW WHEN ((old.created_at IS DISTINCT FROM new.created_at)) EXECUTE FUNCTION public.keep_created_at();
CREATE TRIGGER tasks_keep_created_at BEFORE UPDATE ON public.tasks FOR EACH ROW WHEN ((old.created_at IS DISTINCT FROM new.created_at)) EXECUTE FUNCTION public.keep_created_at();
CREATE TRIGGER tasks_move_updated_at BEFORE UPDATE ON public.tasks FOR EACH ROW WHEN ((old.updated_at = new.updated_at)) EXECUTE FUNCTION public.move_updated_at();
CREATE TRIGGER users_keep_created_at BEFORE UPDATE ON public.users FOR EACH ROW WHEN ((old.created_at IS DISTINCT FROM new.created_at)) EXECUTE FUNCTION public.keep_created_at();
CREATE TRIGGER users_move_updated_at BEFORE UPDATE ON public.users FOR EACH ROW WHEN ((old.updated_at = new.updated_at)) EXECUTE FUNCTION public.move_updated_at();
ALTER TABLE ONLY public.access_tokens
    ADD CONSTRAINT fk_access_tokens_conversation_id FOREIGN KEY (conversation_id) REFERENCES public.conversations(id) ON DELETE SET NULL;
ALTER TABLE ONLY public.access_tokens
    ADD CONSTRAINT fk_access_tokens_user_id FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.approvals
    ADD CONSTRAINT fk_approvals_run_id FOREIGN KEY (run_id) REFERENCES public.runs(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.auth_sessions
    ADD CONSTRAINT fk_auth_sessions_user_id FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.conversations
    ADD CONSTRAINT fk_conversations_user_id FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.event_sequences
    ADD CONSTRAINT fk_event_sequences_user_id FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.events
    ADD CONSTRAINT fk_events_user_id FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.idempotency_keys
    ADD CONSTRAINT fk_idempotency_keys_user_id FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.messages
    ADD CONSTRAINT fk_messages_conversation_id FOREIGN KEY (conversation_id) REFERENCES public.conversations(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.messages
    ADD CONSTRAINT fk_messages_run_id FOREIGN KEY (run_id) REFERENCES public.runs(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.messages
    ADD CONSTRAINT fk_messages_user_id FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.refresh_tokens
    ADD CONSTRAINT fk_refresh_tokens_session_id FOREIGN KEY (session_id) REFERENCES public.auth_sessions(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.run_events
    ADD CONSTRAINT fk_run_events_run_id FOREIGN KEY (run_id) REFERENCES public.runs(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.runs
    ADD CONSTRAINT fk_runs_conversation_id FOREIGN KEY (conversation_id) REFERENCES public.conversations(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.runs
    ADD CONSTRAINT fk_runs_user_id FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.tasks
    ADD CONSTRAINT fk_tasks_user_id FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;
