/*!40101 SET @OLD_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT */;
/*!40101 SET @OLD_CHARACTER_SET_RESULTS=@@CHARACTER_SET_RESULTS */;
/*!40101 SET @OLD_COLLATION_CONNECTION=@@COLLATION_CONNECTION */;
/*!40101 SET NAMES utf8mb4 */;
/*!40103 SET @OLD_TIME_ZONE=@@TIME_ZONE */;
/*!40103 SET TIME_ZONE='+00:00' */;
/*!40014 SET @OLD_UNIQUE_CHECKS=@@UNIQUE_CHECKS, UNIQUE_CHECKS=0 */;
/*!40014 SET @OLD_FOREIGN_KEY_CHECKS=@@FOREIGN_KEY_CHECKS, FOREIGN_KEY_CHECKS=0 */;
/*!40101 SET @OLD_SQL_MODE=@@SQL_MODE, SQL_MODE='NO_AUTO_VALUE_ON_ZERO' */;
/*!40111 SET @OLD_SQL_NOTES=@@SQL_NOTES, SQL_NOTES=0 */;
DROP TABLE IF EXISTS `access_tokens`;
/*!40101 SET @saved_cs_client     = @@character_set_client */;
/*!40101 SET character_set_client = utf8mb4 */;
CREATE TABLE `access_tokens` (
  `id` uuid NOT NULL DEFAULT concat(hex(random_bytes(6)),'4',substr(hex(random_bytes(2)),2),substr('89AB',1 + (ascii(random_bytes(1)) & 3),1),substr(hex(random_bytes(2)),2),hex(random_bytes(6))),
  `user_id` uuid NOT NULL,
  `name` varchar(100) NOT NULL,
  `prefix` varchar(20) NOT NULL,
  `token_hash` varchar(64) NOT NULL,
  `scopes` varchar(100) NOT NULL,
  `conversation_id` uuid DEFAULT NULL,
  `created_at` datetime(6) NOT NULL DEFAULT utc_timestamp(6),
  `last_used_at` datetime(6) DEFAULT NULL,
  `expires_at` datetime(6) DEFAULT NULL,
  `revoked_at` datetime(6) DEFAULT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `access_tokens_token_hash_key` (`token_hash`),
  KEY `idx_access_tokens_user_id` (`user_id`),
  KEY `idx_access_tokens_conversation_id` (`conversation_id`),
  CONSTRAINT `fk_access_tokens_conversation_id` FOREIGN KEY (`conversation_id`) REFERENCES `conversations` (`id`) ON DELETE SET NULL,
  CONSTRAINT `fk_access_tokens_user_id` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
/*!40101 SET character_set_client = @saved_cs_client */;
LOCK TABLES `access_tokens` WRITE;
/*!40000 ALTER TABLE `access_tokens` DISABLE KEYS */;
INSERT INTO `access_tokens` VALUES
('00700b71-cb1b-402d-b627-f3e238acfd17','af817164-8d61-41e9-812b-8851d0e140f8','Claude','parley_Fex8F','b0d3ec4090b52d3cbfeb0c4a877342de6c0b66d4146aa0843459a70a16109981','read write','42808be6-0555-4aa9-984f-173e3c583182','2026-11-26 00:42:05.862327','2026-11-26 00:42:05.873669','2027-02-24 00:42:05.862194',NULL);
/*!40000 ALTER TABLE `access_tokens` ENABLE KEYS */;
UNLOCK TABLES;
DROP TABLE IF EXISTS `alembic_version`;
/*!40101 SET @saved_cs_client     = @@character_set_client */;
/*!40101 SET character_set_client = utf8mb4 */;
CREATE TABLE `alembic_version` (
  `version_num` varchar(32) NOT NULL,
  PRIMARY KEY (`version_num`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
/*!40101 SET character_set_client = @saved_cs_client */;
LOCK TABLES `alembic_version` WRITE;
/*!40000 ALTER TABLE `alembic_version` DISABLE KEYS */;
INSERT INTO `alembic_version` VALUES
('015_add_account_removal');
/*!40000 ALTER TABLE `alembic_version` ENABLE KEYS */;
UNLOCK TABLES;
DROP TABLE IF EXISTS `approvals`;
/*!40101 SET @saved_cs_client     = @@character_set_client */;
/*!40101 SET character_set_client = utf8mb4 */;
CREATE TABLE `approvals` (
  `run_id` uuid NOT NULL,
  `tool_call_id` varchar(120) NOT NULL,
  `name` varchar(100) NOT NULL,
  `arguments` longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL CHECK (json_valid(`arguments`)),
  `decision` varchar(10) DEFAULT NULL,
  `created_at` datetime(6) NOT NULL DEFAULT utc_timestamp(6),
  `expires_at` datetime(6) NOT NULL,
  `decided_at` datetime(6) DEFAULT NULL,
  `shown` longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin DEFAULT NULL CHECK (json_valid(`shown`)),
  `digest` varchar(64) DEFAULT NULL,
  PRIMARY KEY (`run_id`,`tool_call_id`),
  KEY `idx_approvals_decision_expires_at` (`decision`,`expires_at`),
  CONSTRAINT `fk_approvals_run_id` FOREIGN KEY (`run_id`) REFERENCES `runs` (`id`) ON DELETE CASCADE,
  CONSTRAINT `approvals_decision_check` CHECK (`decision` in ('approved','denied','expired','cancelled'))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
/*!40101 SET character_set_client = @saved_cs_client */;
LOCK TABLES `approvals` WRITE;
/*!40000 ALTER TABLE `approvals` DISABLE KEYS */;
INSERT INTO `approvals` VALUES
('d2a4f554-4f48-4575-a353-476b33823e3b','call_2','delete_task','{\"task_id\": \"8d4bca97-bd73-4c58-9cb0-0583faf7b034\"}','denied','2026-11-26 00:42:05.823285','2026-11-26 01:42:05.823285','2026-11-26 00:42:05.844889','{\"task\": {\"id\": \"8d4bca97-bd73-4c58-9cb0-0583faf7b034\", \"title\": \"Pay rent\", \"description\": null, \"completed\": false, \"created_at\": \"2026-11-26T00:42:05.536841Z\", \"updated_at\": \"2026-11-26T00:42:05.536845Z\", \"completed_at\": null}}','ee515703b8038c9f602ad9366f29a2cbc72cb978606210d201b2c5823dc2700f');
/*!40000 ALTER TABLE `approvals` ENABLE KEYS */;
UNLOCK TABLES;
DROP TABLE IF EXISTS `auth_sessions`;
/*!40101 SET @saved_cs_client     = @@character_set_client */;
/*!40101 SET character_set_client = utf8mb4 */;
CREATE TABLE `auth_sessions` (
  `id` uuid NOT NULL DEFAULT concat(hex(random_bytes(6)),'4',substr(hex(random_bytes(2)),2),substr('89AB',1 + (ascii(random_bytes(1)) & 3),1),substr(hex(random_bytes(2)),2),hex(random_bytes(6))),
  `user_id` uuid NOT NULL,
  `user_agent` varchar(255) DEFAULT NULL,
  `address` varchar(64) DEFAULT NULL,
  `created_at` datetime(6) NOT NULL DEFAULT utc_timestamp(6),
  `last_used_at` datetime(6) NOT NULL DEFAULT utc_timestamp(6),
  `expires_at` datetime(6) NOT NULL,
  `revoked_at` datetime(6) DEFAULT NULL,
  `family_id` uuid DEFAULT NULL,
  PRIMARY KEY (`id`),
  KEY `idx_auth_sessions_expires_at` (`expires_at`),
  KEY `idx_auth_sessions_revoked_at` (`revoked_at`),
  KEY `idx_auth_sessions_user_id` (`user_id`),
  CONSTRAINT `fk_auth_sessions_user_id` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
/*!40101 SET character_set_client = @saved_cs_client */;
LOCK TABLES `auth_sessions` WRITE;
/*!40000 ALTER TABLE `auth_sessions` DISABLE KEYS */;
INSERT INTO `auth_sessions` VALUES
('e14a0f9c-a5d2-43ee-9c2e-0f756474e9eb','af817164-8d61-41e9-812b-8851d0e140f8','python-httpx/0.28.1','127.0.0.1','2026-11-26 00:42:05.441858','2026-11-26 00:42:06.112846','2026-12-26 00:42:06.112846',NULL,NULL);
/*!40000 ALTER TABLE `auth_sessions` ENABLE KEYS */;
UNLOCK TABLES;
/*!50003 SET @saved_cs_client      = @@character_set_client */ ;
/*!50003 SET @saved_cs_results     = @@character_set_results */ ;
/*!50003 SET @saved_col_connection = @@collation_connection */ ;
/*!50003 SET character_set_client  = utf8mb4 */ ;
/*!50003 SET character_set_results = utf8mb4 */ ;
/*!50003 SET collation_connection  = utf8mb4_general_ci */ ;
/*!50003 SET @saved_sql_mode       = @@sql_mode */ ;
/*!50003 SET sql_mode              = 'STRICT_ALL_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION' */ ;
DELIMITER ;;
/*!50003 CREATE*/ /*!50003 TRIGGER auth_sessions_keep_created_at BEFORE UPDATE ON auth_sessions FOR EACH ROW
IF NOT OLD.created_at <=> NEW.created_at THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'created_at of auth_sessions never changes';
END IF 
*/;;
DELIMITER ;
/*!50003 SET sql_mode              = @saved_sql_mode */ ;
/*!50003 SET character_set_client  = @saved_cs_client */ ;
/*!50003 SET character_set_results = @saved_cs_results */ ;
/*!50003 SET collation_connection  = @saved_col_connection */ ;
DROP TABLE IF EXISTS `conversations`;
/*!40101 SET @saved_cs_client     = @@character_set_client */;
/*!40101 SET character_set_client = utf8mb4 */;
CREATE TABLE `conversations` (
  `id` uuid NOT NULL DEFAULT concat(hex(random_bytes(6)),'4',substr(hex(random_bytes(2)),2),substr('89AB',1 + (ascii(random_bytes(1)) & 3),1),substr(hex(random_bytes(2)),2),hex(random_bytes(6))),
  `user_id` uuid NOT NULL,
  `title` varchar(255) DEFAULT NULL,
  `created_at` datetime(6) NOT NULL DEFAULT utc_timestamp(6),
  `updated_at` datetime(6) NOT NULL DEFAULT utc_timestamp(6),
  PRIMARY KEY (`id`),
  KEY `idx_conversations_user_id_updated_at` (`user_id`,`updated_at` DESC),
  KEY `idx_conversations_user_id` (`user_id`),
  CONSTRAINT `fk_conversations_user_id` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
/*!40101 SET character_set_client = @saved_cs_client */;
LOCK TABLES `conversations` WRITE;
/*!40000 ALTER TABLE `conversations` DISABLE KEYS */;
INSERT INTO `conversations` VALUES
('42808be6-0555-4aa9-984f-173e3c583182','af817164-8d61-41e9-812b-8851d0e140f8','Claude','2026-11-26 00:42:05.886624','2026-11-26 00:42:05.901343'),
('f236c1bb-9048-4866-801a-361a572f6068','af817164-8d61-41e9-812b-8851d0e140f8','add call mom tomorrow at 9 and pay rent','2026-11-26 00:42:05.469964','2026-11-26 00:42:05.915408');
/*!40000 ALTER TABLE `conversations` ENABLE KEYS */;
UNLOCK TABLES;
/*!50003 SET @saved_cs_client      = @@character_set_client */ ;
/*!50003 SET @saved_cs_results     = @@character_set_results */ ;
/*!50003 SET @saved_col_connection = @@collation_connection */ ;
/*!50003 SET character_set_client  = utf8mb4 */ ;
/*!50003 SET character_set_results = utf8mb4 */ ;
/*!50003 SET collation_connection  = utf8mb4_general_ci */ ;
/*!50003 SET @saved_sql_mode       = @@sql_mode */ ;
/*!50003 SET sql_mode              = 'STRICT_ALL_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION' */ ;
DELIMITER ;;
/*!50003 CREATE*/ /*!50003 TRIGGER conversations_keep_created_at BEFORE UPDATE ON conversations FOR EACH ROW
IF NOT OLD.created_at <=> NEW.created_at THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'created_at of conversations never changes';
END IF 
*/;;
DELIMITER ;
/*!50003 SET sql_mode              = @saved_sql_mode */ ;
/*!50003 SET character_set_client  = @saved_cs_client */ ;
/*!50003 SET character_set_results = @saved_cs_results */ ;
/*!50003 SET collation_connection  = @saved_col_connection */ ;
/*!50003 SET @saved_cs_client      = @@character_set_client */ ;
/*!50003 SET @saved_cs_results     = @@character_set_results */ ;
/*!50003 SET @saved_col_connection = @@collation_connection */ ;
/*!50003 SET character_set_client  = utf8mb4 */ ;
/*!50003 SET character_set_results = utf8mb4 */ ;
/*!50003 SET collation_connection  = utf8mb4_general_ci */ ;
/*!50003 SET @saved_sql_mode       = @@sql_mode */ ;
/*!50003 SET sql_mode              = 'STRICT_ALL_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION' */ ;
DELIMITER ;;
/*!50003 CREATE*/ /*!50003 TRIGGER conversations_move_updated_at BEFORE UPDATE ON conversations FOR EACH ROW
SET NEW.updated_at = IF(OLD.updated_at <=> NEW.updated_at, UTC_TIMESTAMP(6), NEW.updated_at) 
*/;;
DELIMITER ;
/*!50003 SET sql_mode              = @saved_sql_mode */ ;
/*!50003 SET character_set_client  = @saved_cs_client */ ;
/*!50003 SET character_set_results = @saved_cs_results */ ;
/*!50003 SET collation_connection  = @saved_col_connection */ ;
DROP TABLE IF EXISTS `event_sequences`;
/*!40101 SET @saved_cs_client     = @@character_set_client */;
/*!40101 SET character_set_client = utf8mb4 */;
CREATE TABLE `event_sequences` (
  `user_id` uuid NOT NULL,
  `last_seq` bigint(20) NOT NULL DEFAULT 0,
  PRIMARY KEY (`user_id`),
  CONSTRAINT `fk_event_sequences_user_id` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
/*!40101 SET character_set_client = @saved_cs_client */;
LOCK TABLES `event_sequences` WRITE;
/*!40000 ALTER TABLE `event_sequences` DISABLE KEYS */;
INSERT INTO `event_sequences` VALUES
('af817164-8d61-41e9-812b-8851d0e140f8',33);
/*!40000 ALTER TABLE `event_sequences` ENABLE KEYS */;
UNLOCK TABLES;
DROP TABLE IF EXISTS `events`;
/*!40101 SET @saved_cs_client     = @@character_set_client */;
/*!40101 SET character_set_client = utf8mb4 */;
CREATE TABLE `events` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `user_id` uuid NOT NULL,
  `seq` bigint(20) DEFAULT NULL,
  `type` varchar(40) NOT NULL,
  `data` longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL CHECK (json_valid(`data`)),
  `created_at` datetime(6) NOT NULL DEFAULT utc_timestamp(6),
  PRIMARY KEY (`id`),
  UNIQUE KEY `uq_events_user_id_seq` (`user_id`,`seq`),
  KEY `idx_events_created_at` (`created_at`),
  CONSTRAINT `fk_events_user_id` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`) ON DELETE CASCADE
) ENGINE=InnoDB AUTO_INCREMENT=34 DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
/*!40101 SET character_set_client = @saved_cs_client */;
LOCK TABLES `events` WRITE;
/*!40000 ALTER TABLE `events` DISABLE KEYS */;
INSERT INTO `events` VALUES
(1,'af817164-8d61-41e9-812b-8851d0e140f8',1,'task.created','{\"task\": {\"id\": \"cbe6aa2d-4ae1-4334-a298-a6ba02d56577\", \"title\": \"Buy milk\", \"description\": \"2 litres\", \"completed\": false, \"created_at\": \"2026-11-26T00:42:05.458671Z\", \"updated_at\": \"2026-11-26T00:42:05.458674Z\", \"completed_at\": null}}','2026-11-26 00:42:05.461539'),
(2,'af817164-8d61-41e9-812b-8851d0e140f8',2,'conversation.created','{\"conversation\": {\"id\": \"f236c1bb-9048-4866-801a-361a572f6068\", \"title\": \"add call mom tomorrow at 9 and pay rent\", \"created_at\": \"2026-11-26T00:42:05.469964Z\", \"updated_at\": \"2026-11-26T00:42:05.469975Z\"}}','2026-11-26 00:42:05.471215'),
(3,'af817164-8d61-41e9-812b-8851d0e140f8',3,'message.created','{\"message\": {\"id\": \"06d5df6b-af4e-4fc8-b164-302be4918a84\", \"conversation_id\": \"f236c1bb-9048-4866-801a-361a572f6068\", \"role\": \"user\", \"sender\": {\"type\": \"user\", \"id\": \"af817164-8d61-41e9-812b-8851d0e140f8\", \"name\": \"Ann\"}, \"content\": \"add call mom tomorrow at 9 and pay rent\", \"tool_calls\": null, \"client_id\": null, \"run_id\": \"f84d2c5a-96f6-4e65-848c-92073cc0108b\", \"created_at\": \"2026-11-26T00:42:05.474472Z\"}}','2026-11-26 00:42:05.477991'),
(4,'af817164-8d61-41e9-812b-8851d0e140f8',4,'run.queued','{\"run\": {\"id\": \"f84d2c5a-96f6-4e65-848c-92073cc0108b\", \"conversation_id\": \"f236c1bb-9048-4866-801a-361a572f6068\", \"status\": \"queued\", \"error\": null, \"pending_approvals\": [], \"created_at\": \"2026-11-26T00:42:05.473452Z\", \"started_at\": null, \"finished_at\": null, \"input_tokens\": 0, \"output_tokens\": 0}}','2026-11-26 00:42:05.478826'),
(5,'af817164-8d61-41e9-812b-8851d0e140f8',5,'run.started','{\"run\": {\"id\": \"f84d2c5a-96f6-4e65-848c-92073cc0108b\", \"conversation_id\": \"f236c1bb-9048-4866-801a-361a572f6068\", \"status\": \"running\", \"error\": null, \"pending_approvals\": [], \"created_at\": \"2026-11-26T00:42:05.473452Z\", \"started_at\": \"2026-11-26T00:42:05.481635Z\", \"finished_at\": null, \"input_tokens\": 0, \"output_tokens\": 0}}','2026-11-26 00:42:05.499620'),
(6,'af817164-8d61-41e9-812b-8851d0e140f8',6,'task.created','{\"task\": {\"id\": \"10a14e2b-9ddd-48e6-9c9e-3c39c7848429\", \"title\": \"Call mom\", \"description\": \"Due Friday 27 November 2026, 09:00\", \"completed\": false, \"created_at\": \"2026-11-26T00:42:05.528109Z\", \"updated_at\": \"2026-11-26T00:42:05.528112Z\", \"completed_at\": null}}','2026-11-26 00:42:05.529639'),
(7,'af817164-8d61-41e9-812b-8851d0e140f8',7,'task.created','{\"task\": {\"id\": \"8d4bca97-bd73-4c58-9cb0-0583faf7b034\", \"title\": \"Pay rent\", \"description\": null, \"completed\": false, \"created_at\": \"2026-11-26T00:42:05.536841Z\", \"updated_at\": \"2026-11-26T00:42:05.536845Z\", \"completed_at\": null}}','2026-11-26 00:42:05.538131'),
(8,'af817164-8d61-41e9-812b-8851d0e140f8',8,'message.created','{\"message\": {\"id\": \"467d3e3a-5029-4856-a59b-44cc8e9bed68\", \"conversation_id\": \"f236c1bb-9048-4866-801a-361a572f6068\", \"role\": \"agent\", \"sender\": {\"type\": \"agent\", \"id\": null, \"name\": \"Parley\"}, \"content\": \"Added 2 tasks:\\n1. Call mom (due Friday 27 November, 09:00)\\n2. Pay rent\", \"tool_calls\": [{\"id\": \"call_1\", \"name\": \"add_task\", \"arguments\": {\"title\": \"Call mom\", \"description\": \"Due Friday 27 November 2026, 09:00\"}, \"result\": {\"id\": \"10a14e2b-9ddd-48e6-9c9e-3c39c7848429\", \"title\": \"Call mom\", \"description\": \"Due Friday 27 November 2026, 09:00\", \"completed\": false, \"created_at\": \"2026-11-26T00:42:05.528109Z\", \"updated_at\": \"2026-11-26T00:42:05.528112Z\", \"completed_at\": null}, \"error\": null, \"started_at\": \"2026-11-26T00:42:05.524519Z\", \"finished_at\": \"2026-11-26T00:42:05.530789Z\"}, {\"id\": \"call_2\", \"name\": \"add_task\", \"arguments\": {\"title\": \"Pay rent\"}, \"result\": {\"id\": \"8d4bca97-bd73-4c58-9cb0-0583faf7b034\", \"title\": \"Pay rent\", \"description\": null, \"completed\": false, \"created_at\": \"2026-11-26T00:42:05.536841Z\", \"updated_at\": \"2026-11-26T00:42:05.536845Z\", \"completed_at\": null}, \"error\": null, \"started_at\": \"2026-11-26T00:42:05.533176Z\", \"finished_at\": \"2026-11-26T00:42:05.539303Z\"}], \"client_id\": null, \"run_id\": \"f84d2c5a-96f6-4e65-848c-92073cc0108b\", \"created_at\": \"2026-11-26T00:42:05.566910Z\"}}','2026-11-26 00:42:05.571206'),
(9,'af817164-8d61-41e9-812b-8851d0e140f8',9,'run.completed','{\"run\": {\"id\": \"f84d2c5a-96f6-4e65-848c-92073cc0108b\", \"conversation_id\": \"f236c1bb-9048-4866-801a-361a572f6068\", \"status\": \"completed\", \"error\": null, \"pending_approvals\": [], \"created_at\": \"2026-11-26T00:42:05.473452Z\", \"started_at\": \"2026-11-26T00:42:05.481635Z\", \"finished_at\": \"2026-11-26T00:42:05.564873Z\", \"input_tokens\": 0, \"output_tokens\": 0}}','2026-11-26 00:42:05.574305'),
(10,'af817164-8d61-41e9-812b-8851d0e140f8',10,'message.created','{\"message\": {\"id\": \"640d8769-ccc3-4fec-9e8b-3df11d2341d1\", \"conversation_id\": \"f236c1bb-9048-4866-801a-361a572f6068\", \"role\": \"user\", \"sender\": {\"type\": \"user\", \"id\": \"af817164-8d61-41e9-812b-8851d0e140f8\", \"name\": \"Ann\"}, \"content\": \"I called mom\", \"tool_calls\": null, \"client_id\": null, \"run_id\": \"eaa7e968-10ab-4a61-baa8-fd6ec7b9490c\", \"created_at\": \"2026-11-26T00:42:05.588432Z\"}}','2026-11-26 00:42:05.590363'),
(11,'af817164-8d61-41e9-812b-8851d0e140f8',11,'run.queued','{\"run\": {\"id\": \"eaa7e968-10ab-4a61-baa8-fd6ec7b9490c\", \"conversation_id\": \"f236c1bb-9048-4866-801a-361a572f6068\", \"status\": \"queued\", \"error\": null, \"pending_approvals\": [], \"created_at\": \"2026-11-26T00:42:05.587555Z\", \"started_at\": null, \"finished_at\": null, \"input_tokens\": 0, \"output_tokens\": 0}}','2026-11-26 00:42:05.591098'),
(12,'af817164-8d61-41e9-812b-8851d0e140f8',12,'run.started','{\"run\": {\"id\": \"eaa7e968-10ab-4a61-baa8-fd6ec7b9490c\", \"conversation_id\": \"f236c1bb-9048-4866-801a-361a572f6068\", \"status\": \"running\", \"error\": null, \"pending_approvals\": [], \"created_at\": \"2026-11-26T00:42:05.587555Z\", \"started_at\": \"2026-11-26T00:42:05.593289Z\", \"finished_at\": null, \"input_tokens\": 0, \"output_tokens\": 0}}','2026-11-26 00:42:05.601069'),
(13,'af817164-8d61-41e9-812b-8851d0e140f8',13,'task.updated','{\"task\": {\"id\": \"10a14e2b-9ddd-48e6-9c9e-3c39c7848429\", \"title\": \"Call mom\", \"description\": \"Due Friday 27 November 2026, 09:00\", \"completed\": true, \"created_at\": \"2026-11-26T00:42:05.528109Z\", \"updated_at\": \"2026-11-26T00:42:05.642864Z\", \"completed_at\": \"2026-11-26T00:42:05.642376Z\"}}','2026-11-26 00:42:05.643649'),
(14,'af817164-8d61-41e9-812b-8851d0e140f8',14,'message.created','{\"message\": {\"id\": \"d75413ed-52e6-44c5-ad96-07a9805814e2\", \"conversation_id\": \"f236c1bb-9048-4866-801a-361a572f6068\", \"role\": \"agent\", \"sender\": {\"type\": \"agent\", \"id\": null, \"name\": \"Parley\"}, \"content\": \"Done: \\u201cCall mom\\u201d.\", \"tool_calls\": [{\"id\": \"call_1\", \"name\": \"list_tasks\", \"arguments\": {\"q\": \"mom\", \"completed\": false}, \"result\": {\"tasks\": [{\"id\": \"10a14e2b-9ddd-48e6-9c9e-3c39c7848429\", \"title\": \"Call mom\", \"description\": \"Due Friday 27 November 2026, 09:00\", \"completed\": false, \"created_at\": \"2026-11-26T00:42:05.528109Z\", \"updated_at\": \"2026-11-26T00:42:05.528112Z\", \"completed_at\": null}], \"more\": false}, \"error\": null, \"started_at\": \"2026-11-26T00:42:05.619056Z\", \"finished_at\": \"2026-11-26T00:42:05.625064Z\"}, {\"id\": \"call_2\", \"name\": \"complete_task\", \"arguments\": {\"task_id\": \"10a14e2b-9ddd-48e6-9c9e-3c39c7848429\"}, \"result\": {\"id\": \"10a14e2b-9ddd-48e6-9c9e-3c39c7848429\", \"title\": \"Call mom\", \"description\": \"Due Friday 27 November 2026, 09:00\", \"completed\": true, \"created_at\": \"2026-11-26T00:42:05.528109Z\", \"updated_at\": \"2026-11-26T00:42:05.642864Z\", \"completed_at\": \"2026-11-26T00:42:05.642376Z\"}, \"error\": null, \"started_at\": \"2026-11-26T00:42:05.637501Z\", \"finished_at\": \"2026-11-26T00:42:05.644634Z\"}], \"client_id\": null, \"run_id\": \"eaa7e968-10ab-4a61-baa8-fd6ec7b9490c\", \"created_at\": \"2026-11-26T00:42:05.664775Z\"}}','2026-11-26 00:42:05.668568'),
(15,'af817164-8d61-41e9-812b-8851d0e140f8',15,'run.completed','{\"run\": {\"id\": \"eaa7e968-10ab-4a61-baa8-fd6ec7b9490c\", \"conversation_id\": \"f236c1bb-9048-4866-801a-361a572f6068\", \"status\": \"completed\", \"error\": null, \"pending_approvals\": [], \"created_at\": \"2026-11-26T00:42:05.587555Z\", \"started_at\": \"2026-11-26T00:42:05.593289Z\", \"finished_at\": \"2026-11-26T00:42:05.663111Z\", \"input_tokens\": 0, \"output_tokens\": 0}}','2026-11-26 00:42:05.671077'),
(16,'af817164-8d61-41e9-812b-8851d0e140f8',16,'message.created','{\"message\": {\"id\": \"efdf598b-5470-4c88-a0a3-46f95d21926b\", \"conversation_id\": \"f236c1bb-9048-4866-801a-361a572f6068\", \"role\": \"user\", \"sender\": {\"type\": \"user\", \"id\": \"af817164-8d61-41e9-812b-8851d0e140f8\", \"name\": \"Ann\"}, \"content\": \"what is on my list?\", \"tool_calls\": null, \"client_id\": null, \"run_id\": \"b78087cd-c153-4236-b2ea-bee915844444\", \"created_at\": \"2026-11-26T00:42:05.682696Z\"}}','2026-11-26 00:42:05.684662'),
(17,'af817164-8d61-41e9-812b-8851d0e140f8',17,'run.queued','{\"run\": {\"id\": \"b78087cd-c153-4236-b2ea-bee915844444\", \"conversation_id\": \"f236c1bb-9048-4866-801a-361a572f6068\", \"status\": \"queued\", \"error\": null, \"pending_approvals\": [], \"created_at\": \"2026-11-26T00:42:05.681898Z\", \"started_at\": null, \"finished_at\": null, \"input_tokens\": 0, \"output_tokens\": 0}}','2026-11-26 00:42:05.685384'),
(18,'af817164-8d61-41e9-812b-8851d0e140f8',18,'run.started','{\"run\": {\"id\": \"b78087cd-c153-4236-b2ea-bee915844444\", \"conversation_id\": \"f236c1bb-9048-4866-801a-361a572f6068\", \"status\": \"running\", \"error\": null, \"pending_approvals\": [], \"created_at\": \"2026-11-26T00:42:05.681898Z\", \"started_at\": \"2026-11-26T00:42:05.687650Z\", \"finished_at\": null, \"input_tokens\": 0, \"output_tokens\": 0}}','2026-11-26 00:42:05.695286'),
(19,'af817164-8d61-41e9-812b-8851d0e140f8',19,'message.created','{\"message\": {\"id\": \"3d239ff8-e77e-480b-a85f-4a17d1a97beb\", \"conversation_id\": \"f236c1bb-9048-4866-801a-361a572f6068\", \"role\": \"agent\", \"sender\": {\"type\": \"agent\", \"id\": null, \"name\": \"Parley\"}, \"content\": \"You have 2 open tasks:\\n1. Pay rent\\n2. Buy milk (2 litres)\", \"tool_calls\": [{\"id\": \"call_1\", \"name\": \"list_tasks\", \"arguments\": {\"completed\": false}, \"result\": {\"tasks\": [{\"id\": \"8d4bca97-bd73-4c58-9cb0-0583faf7b034\", \"title\": \"Pay rent\", \"description\": null, \"completed\": false, \"created_at\": \"2026-11-26T00:42:05.536841Z\", \"updated_at\": \"2026-11-26T00:42:05.536845Z\", \"completed_at\": null}, {\"id\": \"cbe6aa2d-4ae1-4334-a298-a6ba02d56577\", \"title\": \"Buy milk\", \"description\": \"2 litres\", \"completed\": false, \"created_at\": \"2026-11-26T00:42:05.458671Z\", \"updated_at\": \"2026-11-26T00:42:05.458674Z\", \"completed_at\": null}], \"more\": false}, \"error\": null, \"started_at\": \"2026-11-26T00:42:05.711968Z\", \"finished_at\": \"2026-11-26T00:42:05.717527Z\"}], \"client_id\": null, \"run_id\": \"b78087cd-c153-4236-b2ea-bee915844444\", \"created_at\": \"2026-11-26T00:42:05.746751Z\"}}','2026-11-26 00:42:05.750895'),
(20,'af817164-8d61-41e9-812b-8851d0e140f8',20,'run.completed','{\"run\": {\"id\": \"b78087cd-c153-4236-b2ea-bee915844444\", \"conversation_id\": \"f236c1bb-9048-4866-801a-361a572f6068\", \"status\": \"completed\", \"error\": null, \"pending_approvals\": [], \"created_at\": \"2026-11-26T00:42:05.681898Z\", \"started_at\": \"2026-11-26T00:42:05.687650Z\", \"finished_at\": \"2026-11-26T00:42:05.744994Z\", \"input_tokens\": 0, \"output_tokens\": 0}}','2026-11-26 00:42:05.753699'),
(21,'af817164-8d61-41e9-812b-8851d0e140f8',21,'message.created','{\"message\": {\"id\": \"c5339b81-2424-4716-8ce9-a8042e45903f\", \"conversation_id\": \"f236c1bb-9048-4866-801a-361a572f6068\", \"role\": \"user\", \"sender\": {\"type\": \"user\", \"id\": \"af817164-8d61-41e9-812b-8851d0e140f8\", \"name\": \"Ann\"}, \"content\": \"delete pay rent\", \"tool_calls\": null, \"client_id\": null, \"run_id\": \"d2a4f554-4f48-4575-a353-476b33823e3b\", \"created_at\": \"2026-11-26T00:42:05.766731Z\"}}','2026-11-26 00:42:05.768965'),
(22,'af817164-8d61-41e9-812b-8851d0e140f8',22,'run.queued','{\"run\": {\"id\": \"d2a4f554-4f48-4575-a353-476b33823e3b\", \"conversation_id\": \"f236c1bb-9048-4866-801a-361a572f6068\", \"status\": \"queued\", \"error\": null, \"pending_approvals\": [], \"created_at\": \"2026-11-26T00:42:05.765851Z\", \"started_at\": null, \"finished_at\": null, \"input_tokens\": 0, \"output_tokens\": 0}}','2026-11-26 00:42:05.769750'),
(23,'af817164-8d61-41e9-812b-8851d0e140f8',23,'run.started','{\"run\": {\"id\": \"d2a4f554-4f48-4575-a353-476b33823e3b\", \"conversation_id\": \"f236c1bb-9048-4866-801a-361a572f6068\", \"status\": \"running\", \"error\": null, \"pending_approvals\": [], \"created_at\": \"2026-11-26T00:42:05.765851Z\", \"started_at\": \"2026-11-26T00:42:05.772041Z\", \"finished_at\": null, \"input_tokens\": 0, \"output_tokens\": 0}}','2026-11-26 00:42:05.781285'),
(24,'af817164-8d61-41e9-812b-8851d0e140f8',24,'approval.requested','{\"run\": {\"id\": \"d2a4f554-4f48-4575-a353-476b33823e3b\", \"conversation_id\": \"f236c1bb-9048-4866-801a-361a572f6068\", \"status\": \"awaiting_approval\", \"error\": null, \"pending_approvals\": [{\"tool_call_id\": \"call_2\", \"name\": \"delete_task\", \"arguments\": {\"task_id\": \"8d4bca97-bd73-4c58-9cb0-0583faf7b034\"}, \"expires_at\": \"2026-11-26T01:42:05.823285Z\", \"shown\": {\"task\": {\"id\": \"8d4bca97-bd73-4c58-9cb0-0583faf7b034\", \"title\": \"Pay rent\", \"description\": null, \"completed\": false, \"created_at\": \"2026-11-26T00:42:05.536841Z\", \"updated_at\": \"2026-11-26T00:42:05.536845Z\", \"completed_at\": null}}, \"digest\": \"ee515703b8038c9f602ad9366f29a2cbc72cb978606210d201b2c5823dc2700f\"}], \"created_at\": \"2026-11-26T00:42:05.765851Z\", \"started_at\": \"2026-11-26T00:42:05.772041Z\", \"finished_at\": null, \"input_tokens\": 0, \"output_tokens\": 0}}','2026-11-26 00:42:05.832032'),
(25,'af817164-8d61-41e9-812b-8851d0e140f8',25,'approval.decided','{\"run\": {\"id\": \"d2a4f554-4f48-4575-a353-476b33823e3b\", \"conversation_id\": \"f236c1bb-9048-4866-801a-361a572f6068\", \"status\": \"queued\", \"error\": null, \"pending_approvals\": [], \"created_at\": \"2026-11-26T00:42:05.765851Z\", \"started_at\": \"2026-11-26T00:42:05.772041Z\", \"finished_at\": null, \"input_tokens\": 0, \"output_tokens\": 0}}','2026-11-26 00:42:05.851598'),
(26,'af817164-8d61-41e9-812b-8851d0e140f8',26,'run.started','{\"run\": {\"id\": \"d2a4f554-4f48-4575-a353-476b33823e3b\", \"conversation_id\": \"f236c1bb-9048-4866-801a-361a572f6068\", \"status\": \"running\", \"error\": null, \"pending_approvals\": [], \"created_at\": \"2026-11-26T00:42:05.765851Z\", \"started_at\": \"2026-11-26T00:42:05.772041Z\", \"finished_at\": null, \"input_tokens\": 0, \"output_tokens\": 0}}','2026-11-26 00:42:05.865136'),
(27,'af817164-8d61-41e9-812b-8851d0e140f8',27,'conversation.created','{\"conversation\": {\"id\": \"42808be6-0555-4aa9-984f-173e3c583182\", \"title\": \"Claude\", \"created_at\": \"2026-11-26T00:42:05.886624Z\", \"updated_at\": \"2026-11-26T00:42:05.886626Z\"}}','2026-11-26 00:42:05.887871'),
(28,'af817164-8d61-41e9-812b-8851d0e140f8',28,'task.created','{\"task\": {\"id\": \"d00fab78-5a45-4eeb-be4e-c491ecce67d1\", \"title\": \"Water the plants\", \"description\": null, \"completed\": false, \"created_at\": \"2026-11-26T00:42:05.894075Z\", \"updated_at\": \"2026-11-26T00:42:05.894077Z\", \"completed_at\": null}}','2026-11-26 00:42:05.899403'),
(29,'af817164-8d61-41e9-812b-8851d0e140f8',29,'message.created','{\"message\": {\"id\": \"f60d94d0-f2ea-4981-b5c1-dc5ad9ccebd6\", \"conversation_id\": \"42808be6-0555-4aa9-984f-173e3c583182\", \"role\": \"user\", \"sender\": {\"type\": \"program\", \"id\": \"00700b71-cb1b-402d-b627-f3e238acfd17\", \"name\": \"Claude\"}, \"content\": \"add_task {\\\"title\\\":\\\"Water the plants\\\"}\", \"tool_calls\": null, \"client_id\": null, \"run_id\": \"1f4c8b72-204d-4765-9801-8521772d6c7f\", \"created_at\": \"2026-11-26T00:42:05.901343Z\"}}','2026-11-26 00:42:05.909184'),
(30,'af817164-8d61-41e9-812b-8851d0e140f8',30,'message.created','{\"message\": {\"id\": \"58f7145c-35e1-4a03-945a-e486502f3cc5\", \"conversation_id\": \"42808be6-0555-4aa9-984f-173e3c583182\", \"role\": \"agent\", \"sender\": {\"type\": \"agent\", \"id\": null, \"name\": \"Parley\"}, \"content\": \"\", \"tool_calls\": [{\"id\": \"call\", \"name\": \"add_task\", \"arguments\": {\"title\": \"Water the plants\"}, \"result\": {\"id\": \"d00fab78-5a45-4eeb-be4e-c491ecce67d1\", \"title\": \"Water the plants\", \"description\": null, \"completed\": false, \"created_at\": \"2026-11-26T00:42:05.894075Z\", \"updated_at\": \"2026-11-26T00:42:05.894077Z\", \"completed_at\": null}, \"error\": null, \"started_at\": \"2026-11-26T00:42:05.893899Z\", \"finished_at\": \"2026-11-26T00:42:05.901312Z\"}], \"client_id\": null, \"run_id\": \"1f4c8b72-204d-4765-9801-8521772d6c7f\", \"created_at\": \"2026-11-26T00:42:05.901343Z\"}}','2026-11-26 00:42:05.911761'),
(31,'af817164-8d61-41e9-812b-8851d0e140f8',31,'run.completed','{\"run\": {\"id\": \"1f4c8b72-204d-4765-9801-8521772d6c7f\", \"conversation_id\": \"42808be6-0555-4aa9-984f-173e3c583182\", \"status\": \"completed\", \"error\": null, \"pending_approvals\": [], \"created_at\": \"2026-11-26T00:42:05.901343Z\", \"started_at\": \"2026-11-26T00:42:05.901343Z\", \"finished_at\": \"2026-11-26T00:42:05.901343Z\", \"input_tokens\": 0, \"output_tokens\": 0}}','2026-11-26 00:42:05.912601'),
(32,'af817164-8d61-41e9-812b-8851d0e140f8',32,'message.created','{\"message\": {\"id\": \"f017bcaf-09da-4364-8919-007f73bde97b\", \"conversation_id\": \"f236c1bb-9048-4866-801a-361a572f6068\", \"role\": \"agent\", \"sender\": {\"type\": \"agent\", \"id\": null, \"name\": \"Parley\"}, \"content\": \"I could not delete \\u201cPay rent\\u201d: This was not approved; nothing was changed.\", \"tool_calls\": [{\"id\": \"call_1\", \"name\": \"list_tasks\", \"arguments\": {\"q\": \"rent\"}, \"result\": {\"tasks\": [{\"id\": \"8d4bca97-bd73-4c58-9cb0-0583faf7b034\", \"title\": \"Pay rent\", \"description\": null, \"completed\": false, \"created_at\": \"2026-11-26T00:42:05.536841Z\", \"updated_at\": \"2026-11-26T00:42:05.536845Z\", \"completed_at\": null}], \"more\": false}, \"error\": null, \"started_at\": \"2026-11-26T00:42:05.799402Z\", \"finished_at\": \"2026-11-26T00:42:05.805257Z\"}, {\"id\": \"call_2\", \"name\": \"delete_task\", \"arguments\": {\"task_id\": \"8d4bca97-bd73-4c58-9cb0-0583faf7b034\"}, \"result\": null, \"error\": \"This was not approved; nothing was changed.\", \"started_at\": \"2026-11-26T00:42:05.878720Z\", \"finished_at\": \"2026-11-26T00:42:05.881500Z\", \"approval\": {\"decision\": \"denied\", \"requested_at\": \"2026-11-26T00:42:05.823285Z\", \"decided_at\": \"2026-11-26T00:42:05.844889Z\", \"shown\": {\"task\": {\"id\": \"8d4bca97-bd73-4c58-9cb0-0583faf7b034\", \"title\": \"Pay rent\", \"description\": null, \"completed\": false, \"created_at\": \"2026-11-26T00:42:05.536841Z\", \"updated_at\": \"2026-11-26T00:42:05.536845Z\", \"completed_at\": null}}}}], \"client_id\": null, \"run_id\": \"d2a4f554-4f48-4575-a353-476b33823e3b\", \"created_at\": \"2026-11-26T00:42:05.916901Z\"}}','2026-11-26 00:42:05.925691'),
(33,'af817164-8d61-41e9-812b-8851d0e140f8',33,'run.completed','{\"run\": {\"id\": \"d2a4f554-4f48-4575-a353-476b33823e3b\", \"conversation_id\": \"f236c1bb-9048-4866-801a-361a572f6068\", \"status\": \"completed\", \"error\": null, \"pending_approvals\": [], \"created_at\": \"2026-11-26T00:42:05.765851Z\", \"started_at\": \"2026-11-26T00:42:05.772041Z\", \"finished_at\": \"2026-11-26T00:42:05.915408Z\", \"input_tokens\": 0, \"output_tokens\": 0}}','2026-11-26 00:42:05.929627');
/*!40000 ALTER TABLE `events` ENABLE KEYS */;
UNLOCK TABLES;
DROP TABLE IF EXISTS `idempotency_keys`;
/*!40101 SET @saved_cs_client     = @@character_set_client */;
/*!40101 SET character_set_client = utf8mb4 */;
CREATE TABLE `idempotency_keys` (
  `user_id` uuid NOT NULL,
  `key` varchar(255) NOT NULL,
  `request_hash` varchar(64) NOT NULL,
  `status` int(11) DEFAULT NULL,
  `body` longtext DEFAULT NULL,
  `locked_until` datetime(6) NOT NULL,
  `created_at` datetime(6) NOT NULL DEFAULT utc_timestamp(6),
  PRIMARY KEY (`user_id`,`key`),
  KEY `idx_idempotency_keys_created_at` (`created_at`),
  CONSTRAINT `fk_idempotency_keys_user_id` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
/*!40101 SET character_set_client = @saved_cs_client */;
LOCK TABLES `idempotency_keys` WRITE;
/*!40000 ALTER TABLE `idempotency_keys` DISABLE KEYS */;
INSERT INTO `idempotency_keys` VALUES
('af817164-8d61-41e9-812b-8851d0e140f8','first-task','46fa4e98aba34319aad83d9cb0ab349260ac21f4124f3118aeccddd40f5bdbf0',201,'{\"id\":\"cbe6aa2d-4ae1-4334-a298-a6ba02d56577\",\"title\":\"Buy milk\",\"description\":\"2 litres\",\"completed\":false,\"created_at\":\"2026-11-26T00:42:05.458671Z\",\"updated_at\":\"2026-11-26T00:42:05.458674Z\",\"completed_at\":null}','2026-11-26 00:42:35.456498','2026-11-26 00:42:05.456597');
/*!40000 ALTER TABLE `idempotency_keys` ENABLE KEYS */;
UNLOCK TABLES;
DROP TABLE IF EXISTS `messages`;
/*!40101 SET @saved_cs_client     = @@character_set_client */;
/*!40101 SET character_set_client = utf8mb4 */;
CREATE TABLE `messages` (
  `id` uuid NOT NULL DEFAULT concat(hex(random_bytes(6)),'4',substr(hex(random_bytes(2)),2),substr('89AB',1 + (ascii(random_bytes(1)) & 3),1),substr(hex(random_bytes(2)),2),hex(random_bytes(6))),
  `conversation_id` uuid NOT NULL,
  `user_id` uuid NOT NULL,
  `role` varchar(10) NOT NULL,
  `content` longtext NOT NULL,
  `tool_calls` longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin DEFAULT NULL CHECK (json_valid(`tool_calls`)),
  `created_at` datetime(6) NOT NULL DEFAULT utc_timestamp(6),
  `seq` int(11) NOT NULL,
  `client_id` varchar(64) DEFAULT NULL,
  `run_id` uuid DEFAULT NULL,
  `program_id` uuid DEFAULT NULL,
  `program_name` varchar(100) DEFAULT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `uq_messages_conversation_id_seq` (`conversation_id`,`seq`),
  UNIQUE KEY `uq_messages_user_id_client_id` (`user_id`,`client_id`),
  UNIQUE KEY `uq_messages_run_id_role` (`run_id`,`role`),
  KEY `idx_messages_conversation_id_created_at` (`conversation_id`,`created_at`),
  KEY `idx_messages_conversation_id` (`conversation_id`),
  KEY `idx_messages_user_id` (`user_id`),
  CONSTRAINT `fk_messages_conversation_id` FOREIGN KEY (`conversation_id`) REFERENCES `conversations` (`id`) ON DELETE CASCADE,
  CONSTRAINT `fk_messages_run_id` FOREIGN KEY (`run_id`) REFERENCES `runs` (`id`) ON DELETE CASCADE,
  CONSTRAINT `fk_messages_user_id` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`) ON DELETE CASCADE,
  CONSTRAINT `messages_role_check` CHECK (`role` in ('user','agent'))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
/*!40101 SET character_set_client = @saved_cs_client */;
LOCK TABLES `messages` WRITE;
/*!40000 ALTER TABLE `messages` DISABLE KEYS */;
INSERT INTO `messages` VALUES
('f017bcaf-09da-4364-8919-007f73bde97b','f236c1bb-9048-4866-801a-361a572f6068','af817164-8d61-41e9-812b-8851d0e140f8','agent','I could not delete “Pay rent”: This was not approved; nothing was changed.','[{\"id\": \"call_1\", \"name\": \"list_tasks\", \"arguments\": {\"q\": \"rent\"}, \"result\": {\"tasks\": [{\"id\": \"8d4bca97-bd73-4c58-9cb0-0583faf7b034\", \"title\": \"Pay rent\", \"description\": null, \"completed\": false, \"created_at\": \"2026-11-26T00:42:05.536841Z\", \"updated_at\": \"2026-11-26T00:42:05.536845Z\", \"completed_at\": null}], \"more\": false}, \"error\": null, \"started_at\": \"2026-11-26T00:42:05.799402Z\", \"finished_at\": \"2026-11-26T00:42:05.805257Z\"}, {\"id\": \"call_2\", \"name\": \"delete_task\", \"arguments\": {\"task_id\": \"8d4bca97-bd73-4c58-9cb0-0583faf7b034\"}, \"approval\": {\"decision\": \"denied\", \"requested_at\": \"2026-11-26T00:42:05.823285Z\", \"decided_at\": \"2026-11-26T00:42:05.844889Z\", \"shown\": {\"task\": {\"id\": \"8d4bca97-bd73-4c58-9cb0-0583faf7b034\", \"title\": \"Pay rent\", \"description\": null, \"completed\": false, \"created_at\": \"2026-11-26T00:42:05.536841Z\", \"updated_at\": \"2026-11-26T00:42:05.536845Z\", \"completed_at\": null}}}, \"result\": null, \"error\": \"This was not approved; nothing was changed.\", \"started_at\": \"2026-11-26T00:42:05.878720Z\", \"finished_at\": \"2026-11-26T00:42:05.881500Z\"}]','2026-11-26 00:42:05.916901',8,NULL,'d2a4f554-4f48-4575-a353-476b33823e3b',NULL,NULL),
('d75413ed-52e6-44c5-ad96-07a9805814e2','f236c1bb-9048-4866-801a-361a572f6068','af817164-8d61-41e9-812b-8851d0e140f8','agent','Done: “Call mom”.','[{\"id\": \"call_1\", \"name\": \"list_tasks\", \"arguments\": {\"q\": \"mom\", \"completed\": false}, \"result\": {\"tasks\": [{\"id\": \"10a14e2b-9ddd-48e6-9c9e-3c39c7848429\", \"title\": \"Call mom\", \"description\": \"Due Friday 27 November 2026, 09:00\", \"completed\": false, \"created_at\": \"2026-11-26T00:42:05.528109Z\", \"updated_at\": \"2026-11-26T00:42:05.528112Z\", \"completed_at\": null}], \"more\": false}, \"error\": null, \"started_at\": \"2026-11-26T00:42:05.619056Z\", \"finished_at\": \"2026-11-26T00:42:05.625064Z\"}, {\"id\": \"call_2\", \"name\": \"complete_task\", \"arguments\": {\"task_id\": \"10a14e2b-9ddd-48e6-9c9e-3c39c7848429\"}, \"result\": {\"id\": \"10a14e2b-9ddd-48e6-9c9e-3c39c7848429\", \"title\": \"Call mom\", \"description\": \"Due Friday 27 November 2026, 09:00\", \"completed\": true, \"created_at\": \"2026-11-26T00:42:05.528109Z\", \"updated_at\": \"2026-11-26T00:42:05.642864Z\", \"completed_at\": \"2026-11-26T00:42:05.642376Z\"}, \"error\": null, \"started_at\": \"2026-11-26T00:42:05.637501Z\", \"finished_at\": \"2026-11-26T00:42:05.644634Z\"}]','2026-11-26 00:42:05.664775',4,NULL,'eaa7e968-10ab-4a61-baa8-fd6ec7b9490c',NULL,NULL),
('06d5df6b-af4e-4fc8-b164-302be4918a84','f236c1bb-9048-4866-801a-361a572f6068','af817164-8d61-41e9-812b-8851d0e140f8','user','add call mom tomorrow at 9 and pay rent',NULL,'2026-11-26 00:42:05.474472',1,NULL,'f84d2c5a-96f6-4e65-848c-92073cc0108b',NULL,NULL),
('640d8769-ccc3-4fec-9e8b-3df11d2341d1','f236c1bb-9048-4866-801a-361a572f6068','af817164-8d61-41e9-812b-8851d0e140f8','user','I called mom',NULL,'2026-11-26 00:42:05.588432',3,NULL,'eaa7e968-10ab-4a61-baa8-fd6ec7b9490c',NULL,NULL),
('467d3e3a-5029-4856-a59b-44cc8e9bed68','f236c1bb-9048-4866-801a-361a572f6068','af817164-8d61-41e9-812b-8851d0e140f8','agent','Added 2 tasks:\n1. Call mom (due Friday 27 November, 09:00)\n2. Pay rent','[{\"id\": \"call_1\", \"name\": \"add_task\", \"arguments\": {\"title\": \"Call mom\", \"description\": \"Due Friday 27 November 2026, 09:00\"}, \"result\": {\"id\": \"10a14e2b-9ddd-48e6-9c9e-3c39c7848429\", \"title\": \"Call mom\", \"description\": \"Due Friday 27 November 2026, 09:00\", \"completed\": false, \"created_at\": \"2026-11-26T00:42:05.528109Z\", \"updated_at\": \"2026-11-26T00:42:05.528112Z\", \"completed_at\": null}, \"error\": null, \"started_at\": \"2026-11-26T00:42:05.524519Z\", \"finished_at\": \"2026-11-26T00:42:05.530789Z\"}, {\"id\": \"call_2\", \"name\": \"add_task\", \"arguments\": {\"title\": \"Pay rent\"}, \"result\": {\"id\": \"8d4bca97-bd73-4c58-9cb0-0583faf7b034\", \"title\": \"Pay rent\", \"description\": null, \"completed\": false, \"created_at\": \"2026-11-26T00:42:05.536841Z\", \"updated_at\": \"2026-11-26T00:42:05.536845Z\", \"completed_at\": null}, \"error\": null, \"started_at\": \"2026-11-26T00:42:05.533176Z\", \"finished_at\": \"2026-11-26T00:42:05.539303Z\"}]','2026-11-26 00:42:05.566910',2,NULL,'f84d2c5a-96f6-4e65-848c-92073cc0108b',NULL,NULL),
('efdf598b-5470-4c88-a0a3-46f95d21926b','f236c1bb-9048-4866-801a-361a572f6068','af817164-8d61-41e9-812b-8851d0e140f8','user','what is on my list?',NULL,'2026-11-26 00:42:05.682696',5,NULL,'b78087cd-c153-4236-b2ea-bee915844444',NULL,NULL),
('3d239ff8-e77e-480b-a85f-4a17d1a97beb','f236c1bb-9048-4866-801a-361a572f6068','af817164-8d61-41e9-812b-8851d0e140f8','agent','You have 2 open tasks:\n1. Pay rent\n2. Buy milk (2 litres)','[{\"id\": \"call_1\", \"name\": \"list_tasks\", \"arguments\": {\"completed\": false}, \"result\": {\"tasks\": [{\"id\": \"8d4bca97-bd73-4c58-9cb0-0583faf7b034\", \"title\": \"Pay rent\", \"description\": null, \"completed\": false, \"created_at\": \"2026-11-26T00:42:05.536841Z\", \"updated_at\": \"2026-11-26T00:42:05.536845Z\", \"completed_at\": null}, {\"id\": \"cbe6aa2d-4ae1-4334-a298-a6ba02d56577\", \"title\": \"Buy milk\", \"description\": \"2 litres\", \"completed\": false, \"created_at\": \"2026-11-26T00:42:05.458671Z\", \"updated_at\": \"2026-11-26T00:42:05.458674Z\", \"completed_at\": null}], \"more\": false}, \"error\": null, \"started_at\": \"2026-11-26T00:42:05.711968Z\", \"finished_at\": \"2026-11-26T00:42:05.717527Z\"}]','2026-11-26 00:42:05.746751',6,NULL,'b78087cd-c153-4236-b2ea-bee915844444',NULL,NULL),
('c5339b81-2424-4716-8ce9-a8042e45903f','f236c1bb-9048-4866-801a-361a572f6068','af817164-8d61-41e9-812b-8851d0e140f8','user','delete pay rent',NULL,'2026-11-26 00:42:05.766731',7,NULL,'d2a4f554-4f48-4575-a353-476b33823e3b',NULL,NULL),
('f60d94d0-f2ea-4981-b5c1-dc5ad9ccebd6','42808be6-0555-4aa9-984f-173e3c583182','af817164-8d61-41e9-812b-8851d0e140f8','user','add_task {\"title\":\"Water the plants\"}',NULL,'2026-11-26 00:42:05.901343',1,NULL,'1f4c8b72-204d-4765-9801-8521772d6c7f','00700b71-cb1b-402d-b627-f3e238acfd17','Claude'),
('58f7145c-35e1-4a03-945a-e486502f3cc5','42808be6-0555-4aa9-984f-173e3c583182','af817164-8d61-41e9-812b-8851d0e140f8','agent','','[{\"id\": \"call\", \"name\": \"add_task\", \"arguments\": {\"title\": \"Water the plants\"}, \"result\": {\"id\": \"d00fab78-5a45-4eeb-be4e-c491ecce67d1\", \"title\": \"Water the plants\", \"description\": null, \"completed\": false, \"created_at\": \"2026-11-26T00:42:05.894075Z\", \"updated_at\": \"2026-11-26T00:42:05.894077Z\", \"completed_at\": null}, \"error\": null, \"started_at\": \"2026-11-26T00:42:05.893899Z\", \"finished_at\": \"2026-11-26T00:42:05.901312Z\"}]','2026-11-26 00:42:05.901343',2,NULL,'1f4c8b72-204d-4765-9801-8521772d6c7f',NULL,NULL);
/*!40000 ALTER TABLE `messages` ENABLE KEYS */;
UNLOCK TABLES;
/*!50003 SET @saved_cs_client      = @@character_set_client */ ;
/*!50003 SET @saved_cs_results     = @@character_set_results */ ;
/*!50003 SET @saved_col_connection = @@collation_connection */ ;
/*!50003 SET character_set_client  = utf8mb4 */ ;
/*!50003 SET character_set_results = utf8mb4 */ ;
/*!50003 SET collation_connection  = utf8mb4_general_ci */ ;
/*!50003 SET @saved_sql_mode       = @@sql_mode */ ;
/*!50003 SET sql_mode              = 'STRICT_ALL_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION' */ ;
DELIMITER ;;
/*!50003 CREATE*/ /*!50003 TRIGGER messages_refuse_update BEFORE UPDATE ON messages FOR EACH ROW
SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'messages are only added: UPDATE is refused' 
*/;;
DELIMITER ;
/*!50003 SET sql_mode              = @saved_sql_mode */ ;
/*!50003 SET character_set_client  = @saved_cs_client */ ;
/*!50003 SET character_set_results = @saved_cs_results */ ;
/*!50003 SET collation_connection  = @saved_col_connection */ ;
/*!50003 SET @saved_cs_client      = @@character_set_client */ ;
/*!50003 SET @saved_cs_results     = @@character_set_results */ ;
/*!50003 SET @saved_col_connection = @@collation_connection */ ;
/*!50003 SET character_set_client  = utf8mb4 */ ;
/*!50003 SET character_set_results = utf8mb4 */ ;
/*!50003 SET collation_connection  = utf8mb4_general_ci */ ;
/*!50003 SET @saved_sql_mode       = @@sql_mode */ ;
/*!50003 SET sql_mode              = 'STRICT_ALL_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION' */ ;
DELIMITER ;;
/*!50003 CREATE*/ /*!50003 TRIGGER messages_refuse_delete BEFORE DELETE ON messages FOR EACH ROW
IF EXISTS (SELECT 1 FROM conversations WHERE id = OLD.conversation_id)
    AND EXISTS (SELECT 1 FROM users WHERE id = OLD.user_id AND deleted_at IS NULL)
THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'messages are only added: DELETE is refused';
END IF 
*/;;
DELIMITER ;
/*!50003 SET sql_mode              = @saved_sql_mode */ ;
/*!50003 SET character_set_client  = @saved_cs_client */ ;
/*!50003 SET character_set_results = @saved_cs_results */ ;
/*!50003 SET collation_connection  = @saved_col_connection */ ;
DROP TABLE IF EXISTS `rate_limits`;
/*!40101 SET @saved_cs_client     = @@character_set_client */;
/*!40101 SET character_set_client = utf8mb4 */;
CREATE TABLE `rate_limits` (
  `key` varchar(64) NOT NULL,
  `hits` int(11) NOT NULL,
  `expires_at` datetime(6) NOT NULL,
  PRIMARY KEY (`key`),
  KEY `idx_rate_limits_expires_at` (`expires_at`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
/*!40101 SET character_set_client = @saved_cs_client */;
LOCK TABLES `rate_limits` WRITE;
/*!40000 ALTER TABLE `rate_limits` DISABLE KEYS */;
INSERT INTO `rate_limits` VALUES
('14e208f67049a1ad81a666239e9468a03647dce0440a1be9ccc0cce7df2c98f7',1,'2026-11-26 01:42:06.104520'),
('24159b03b6d61857e7359a541821f3c617547f6522581d7f1f81d81ae5972497',1,'2026-11-26 01:42:05.892569'),
('4214500724eaf7c0731ba8c6722b58e4c84e0c44a7fe900749a88d03282b2c16',1,'2026-11-26 01:42:05.935516'),
('51a43be3236b8db3aa2663f974f9f17f870d1b037f9d073dfc926ad874140ac8',1,'2026-11-26 00:47:05.879622'),
('6b0edf1ec0992e177cbf944bcf94e9bad3f13484039139b204daaccb6877584e',2,'2026-11-26 00:43:05.272986'),
('b30b19ee0f74e883277b8326fbe5568c80b6250323f8af419d96144c74a24629',2,'2026-11-26 01:42:04.917094'),
('fc0e41f69e8be57c1c294454cd30b76be08a44e1ff6c2f14a91cf1901b9f4c60',1,'2026-11-26 00:47:05.930649');
/*!40000 ALTER TABLE `rate_limits` ENABLE KEYS */;
UNLOCK TABLES;
DROP TABLE IF EXISTS `refresh_tokens`;
/*!40101 SET @saved_cs_client     = @@character_set_client */;
/*!40101 SET character_set_client = utf8mb4 */;
CREATE TABLE `refresh_tokens` (
  `token_hash` varchar(64) NOT NULL,
  `session_id` uuid NOT NULL,
  `created_at` datetime(6) NOT NULL DEFAULT utc_timestamp(6),
  `expires_at` datetime(6) NOT NULL,
  `rotated_at` datetime(6) DEFAULT NULL,
  `generation` int(11) NOT NULL DEFAULT 0,
  `reused_at` datetime(6) DEFAULT NULL,
  PRIMARY KEY (`token_hash`),
  KEY `idx_refresh_tokens_session_id` (`session_id`),
  CONSTRAINT `fk_refresh_tokens_session_id` FOREIGN KEY (`session_id`) REFERENCES `auth_sessions` (`id`) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
/*!40101 SET character_set_client = @saved_cs_client */;
LOCK TABLES `refresh_tokens` WRITE;
/*!40000 ALTER TABLE `refresh_tokens` DISABLE KEYS */;
INSERT INTO `refresh_tokens` VALUES
('c01a6fb99614d3d38d6652df747553e3ca8fac6de083cf206a4d2e5937443e14','e14a0f9c-a5d2-43ee-9c2e-0f756474e9eb','2026-11-26 00:42:05.444565','2026-12-26 00:42:05.444431','2026-11-26 00:42:06.111270',0,NULL),
('d86af4f6989b2b09520f18844a2a9fa8b5d8788307762f21aa25c7b780eb3f50','e14a0f9c-a5d2-43ee-9c2e-0f756474e9eb','2026-11-26 00:42:06.112991','2026-12-26 00:42:06.112846',NULL,1,NULL);
/*!40000 ALTER TABLE `refresh_tokens` ENABLE KEYS */;
UNLOCK TABLES;
/*!50003 SET @saved_cs_client      = @@character_set_client */ ;
/*!50003 SET @saved_cs_results     = @@character_set_results */ ;
/*!50003 SET @saved_col_connection = @@collation_connection */ ;
/*!50003 SET character_set_client  = utf8mb4 */ ;
/*!50003 SET character_set_results = utf8mb4 */ ;
/*!50003 SET collation_connection  = utf8mb4_general_ci */ ;
/*!50003 SET @saved_sql_mode       = @@sql_mode */ ;
/*!50003 SET sql_mode              = 'STRICT_ALL_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION' */ ;
DELIMITER ;;
/*!50003 CREATE*/ /*!50003 TRIGGER refresh_tokens_keep_created_at BEFORE UPDATE ON refresh_tokens FOR EACH ROW
IF NOT OLD.created_at <=> NEW.created_at THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'created_at of refresh_tokens never changes';
END IF 
*/;;
DELIMITER ;
/*!50003 SET sql_mode              = @saved_sql_mode */ ;
/*!50003 SET character_set_client  = @saved_cs_client */ ;
/*!50003 SET character_set_results = @saved_cs_results */ ;
/*!50003 SET collation_connection  = @saved_col_connection */ ;
DROP TABLE IF EXISTS `run_events`;
/*!40101 SET @saved_cs_client     = @@character_set_client */;
/*!40101 SET character_set_client = utf8mb4 */;
CREATE TABLE `run_events` (
  `run_id` uuid NOT NULL,
  `seq` int(11) NOT NULL,
  `type` varchar(40) NOT NULL,
  `data` longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL CHECK (json_valid(`data`)),
  `created_at` datetime(6) NOT NULL DEFAULT utc_timestamp(6),
  PRIMARY KEY (`run_id`,`seq`),
  CONSTRAINT `fk_run_events_run_id` FOREIGN KEY (`run_id`) REFERENCES `runs` (`id`) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
/*!40101 SET character_set_client = @saved_cs_client */;
LOCK TABLES `run_events` WRITE;
/*!40000 ALTER TABLE `run_events` DISABLE KEYS */;
INSERT INTO `run_events` VALUES
('d2a4f554-4f48-4575-a353-476b33823e3b',1,'run.started','{\"conversation_id\": \"f236c1bb-9048-4866-801a-361a572f6068\", \"user_message_id\": \"c5339b81-2424-4716-8ce9-a8042e45903f\", \"timezone\": \"Europe/Berlin\"}','2026-11-26 00:42:05.780312'),
('d2a4f554-4f48-4575-a353-476b33823e3b',2,'tool.call','{\"step\": 0, \"id\": \"call_1\", \"name\": \"list_tasks\", \"arguments\": {\"q\": \"rent\"}}','2026-11-26 00:42:05.797854'),
('d2a4f554-4f48-4575-a353-476b33823e3b',3,'tool.result','{\"step\": 0, \"id\": \"call_1\", \"name\": \"list_tasks\", \"result\": {\"tasks\": [{\"id\": \"8d4bca97-bd73-4c58-9cb0-0583faf7b034\", \"title\": \"Pay rent\", \"description\": null, \"completed\": false, \"created_at\": \"2026-11-26T00:42:05.536841Z\", \"updated_at\": \"2026-11-26T00:42:05.536845Z\", \"completed_at\": null}], \"more\": false}, \"error\": null, \"started_at\": \"2026-11-26T00:42:05.799402Z\", \"finished_at\": \"2026-11-26T00:42:05.805257Z\"}','2026-11-26 00:42:05.806153'),
('d2a4f554-4f48-4575-a353-476b33823e3b',4,'tool.call','{\"step\": 1, \"id\": \"call_2\", \"name\": \"delete_task\", \"arguments\": {\"task_id\": \"8d4bca97-bd73-4c58-9cb0-0583faf7b034\"}}','2026-11-26 00:42:05.817298'),
('d2a4f554-4f48-4575-a353-476b33823e3b',5,'approval.requested','{\"step\": 1, \"id\": \"call_2\", \"name\": \"delete_task\", \"arguments\": {\"task_id\": \"8d4bca97-bd73-4c58-9cb0-0583faf7b034\"}, \"shown\": {\"task\": {\"id\": \"8d4bca97-bd73-4c58-9cb0-0583faf7b034\", \"title\": \"Pay rent\", \"description\": null, \"completed\": false, \"created_at\": \"2026-11-26T00:42:05.536841Z\", \"updated_at\": \"2026-11-26T00:42:05.536845Z\", \"completed_at\": null}}, \"digest\": \"ee515703b8038c9f602ad9366f29a2cbc72cb978606210d201b2c5823dc2700f\", \"requested_at\": \"2026-11-26T00:42:05.823285Z\", \"expires_at\": \"2026-11-26T01:42:05.823285Z\"}','2026-11-26 00:42:05.827791'),
('d2a4f554-4f48-4575-a353-476b33823e3b',6,'approval.decided','{\"step\": 1, \"id\": \"call_2\", \"decision\": \"denied\", \"decided_at\": \"2026-11-26T00:42:05.844889Z\"}','2026-11-26 00:42:05.848867'),
('d2a4f554-4f48-4575-a353-476b33823e3b',7,'tool.result','{\"step\": 1, \"id\": \"call_2\", \"name\": \"delete_task\", \"result\": null, \"error\": \"This was not approved; nothing was changed.\", \"started_at\": \"2026-11-26T00:42:05.878720Z\", \"finished_at\": \"2026-11-26T00:42:05.881500Z\"}','2026-11-26 00:42:05.882867'),
('d2a4f554-4f48-4575-a353-476b33823e3b',8,'message.delta','{\"step\": 2, \"text\": \"I could not \"}','2026-11-26 00:42:05.899957'),
('d2a4f554-4f48-4575-a353-476b33823e3b',9,'message.delta','{\"step\": 2, \"text\": \"delete \\u201cPay rent\\u201d: This was not approved; nothing was changed.\"}','2026-11-26 00:42:05.906338'),
('d2a4f554-4f48-4575-a353-476b33823e3b',10,'message.completed','{\"message\": {\"id\": \"f017bcaf-09da-4364-8919-007f73bde97b\", \"conversation_id\": \"f236c1bb-9048-4866-801a-361a572f6068\", \"role\": \"agent\", \"sender\": {\"type\": \"agent\", \"id\": null, \"name\": \"Parley\"}, \"content\": \"I could not delete \\u201cPay rent\\u201d: This was not approved; nothing was changed.\", \"tool_calls\": [{\"id\": \"call_1\", \"name\": \"list_tasks\", \"arguments\": {\"q\": \"rent\"}, \"result\": {\"tasks\": [{\"id\": \"8d4bca97-bd73-4c58-9cb0-0583faf7b034\", \"title\": \"Pay rent\", \"description\": null, \"completed\": false, \"created_at\": \"2026-11-26T00:42:05.536841Z\", \"updated_at\": \"2026-11-26T00:42:05.536845Z\", \"completed_at\": null}], \"more\": false}, \"error\": null, \"started_at\": \"2026-11-26T00:42:05.799402Z\", \"finished_at\": \"2026-11-26T00:42:05.805257Z\"}, {\"id\": \"call_2\", \"name\": \"delete_task\", \"arguments\": {\"task_id\": \"8d4bca97-bd73-4c58-9cb0-0583faf7b034\"}, \"result\": null, \"error\": \"This was not approved; nothing was changed.\", \"started_at\": \"2026-11-26T00:42:05.878720Z\", \"finished_at\": \"2026-11-26T00:42:05.881500Z\", \"approval\": {\"decision\": \"denied\", \"requested_at\": \"2026-11-26T00:42:05.823285Z\", \"decided_at\": \"2026-11-26T00:42:05.844889Z\", \"shown\": {\"task\": {\"id\": \"8d4bca97-bd73-4c58-9cb0-0583faf7b034\", \"title\": \"Pay rent\", \"description\": null, \"completed\": false, \"created_at\": \"2026-11-26T00:42:05.536841Z\", \"updated_at\": \"2026-11-26T00:42:05.536845Z\", \"completed_at\": null}}}}], \"client_id\": null, \"run_id\": \"d2a4f554-4f48-4575-a353-476b33823e3b\", \"created_at\": \"2026-11-26T00:42:05.916901Z\"}}','2026-11-26 00:42:05.923536'),
('d2a4f554-4f48-4575-a353-476b33823e3b',11,'run.completed','{\"status\": \"completed\", \"message_id\": \"f017bcaf-09da-4364-8919-007f73bde97b\", \"error\": null}','2026-11-26 00:42:05.928844'),
('1f4c8b72-204d-4765-9801-8521772d6c7f',1,'run.started','{\"conversation_id\": \"42808be6-0555-4aa9-984f-173e3c583182\", \"user_message_id\": \"f60d94d0-f2ea-4981-b5c1-dc5ad9ccebd6\", \"source\": \"mcp\", \"program\": {\"id\": \"00700b71-cb1b-402d-b627-f3e238acfd17\", \"name\": \"Claude\"}}','2026-11-26 00:42:05.902544'),
('1f4c8b72-204d-4765-9801-8521772d6c7f',2,'tool.call','{\"step\": 0, \"id\": \"call\", \"name\": \"add_task\", \"arguments\": {\"title\": \"Water the plants\"}}','2026-11-26 00:42:05.902587'),
('1f4c8b72-204d-4765-9801-8521772d6c7f',3,'tool.result','{\"step\": 0, \"id\": \"call\", \"name\": \"add_task\", \"result\": {\"id\": \"d00fab78-5a45-4eeb-be4e-c491ecce67d1\", \"title\": \"Water the plants\", \"description\": null, \"completed\": false, \"created_at\": \"2026-11-26T00:42:05.894075Z\", \"updated_at\": \"2026-11-26T00:42:05.894077Z\", \"completed_at\": null}, \"error\": null, \"started_at\": \"2026-11-26T00:42:05.893899Z\", \"finished_at\": \"2026-11-26T00:42:05.901312Z\"}','2026-11-26 00:42:05.902622'),
('1f4c8b72-204d-4765-9801-8521772d6c7f',4,'message.completed','{\"message\": {\"id\": \"58f7145c-35e1-4a03-945a-e486502f3cc5\", \"conversation_id\": \"42808be6-0555-4aa9-984f-173e3c583182\", \"role\": \"agent\", \"sender\": {\"type\": \"agent\", \"id\": null, \"name\": \"Parley\"}, \"content\": \"\", \"tool_calls\": [{\"id\": \"call\", \"name\": \"add_task\", \"arguments\": {\"title\": \"Water the plants\"}, \"result\": {\"id\": \"d00fab78-5a45-4eeb-be4e-c491ecce67d1\", \"title\": \"Water the plants\", \"description\": null, \"completed\": false, \"created_at\": \"2026-11-26T00:42:05.894075Z\", \"updated_at\": \"2026-11-26T00:42:05.894077Z\", \"completed_at\": null}, \"error\": null, \"started_at\": \"2026-11-26T00:42:05.893899Z\", \"finished_at\": \"2026-11-26T00:42:05.901312Z\"}], \"client_id\": null, \"run_id\": \"1f4c8b72-204d-4765-9801-8521772d6c7f\", \"created_at\": \"2026-11-26T00:42:05.901343Z\"}}','2026-11-26 00:42:05.902690'),
('1f4c8b72-204d-4765-9801-8521772d6c7f',5,'run.completed','{\"status\": \"completed\", \"message_id\": \"58f7145c-35e1-4a03-945a-e486502f3cc5\", \"error\": null}','2026-11-26 00:42:05.902724'),
('f84d2c5a-96f6-4e65-848c-92073cc0108b',1,'run.started','{\"conversation_id\": \"f236c1bb-9048-4866-801a-361a572f6068\", \"user_message_id\": \"06d5df6b-af4e-4fc8-b164-302be4918a84\", \"timezone\": \"Europe/Berlin\"}','2026-11-26 00:42:05.497160'),
('f84d2c5a-96f6-4e65-848c-92073cc0108b',2,'tool.call','{\"step\": 0, \"id\": \"call_1\", \"name\": \"add_task\", \"arguments\": {\"title\": \"Call mom\", \"description\": \"Due Friday 27 November 2026, 09:00\"}}','2026-11-26 00:42:05.521456'),
('f84d2c5a-96f6-4e65-848c-92073cc0108b',3,'tool.call','{\"step\": 0, \"id\": \"call_2\", \"name\": \"add_task\", \"arguments\": {\"title\": \"Pay rent\"}}','2026-11-26 00:42:05.523072'),
('f84d2c5a-96f6-4e65-848c-92073cc0108b',4,'tool.result','{\"step\": 0, \"id\": \"call_1\", \"name\": \"add_task\", \"result\": {\"id\": \"10a14e2b-9ddd-48e6-9c9e-3c39c7848429\", \"title\": \"Call mom\", \"description\": \"Due Friday 27 November 2026, 09:00\", \"completed\": false, \"created_at\": \"2026-11-26T00:42:05.528109Z\", \"updated_at\": \"2026-11-26T00:42:05.528112Z\", \"completed_at\": null}, \"error\": null, \"started_at\": \"2026-11-26T00:42:05.524519Z\", \"finished_at\": \"2026-11-26T00:42:05.530789Z\"}','2026-11-26 00:42:05.531790'),
('f84d2c5a-96f6-4e65-848c-92073cc0108b',5,'tool.result','{\"step\": 0, \"id\": \"call_2\", \"name\": \"add_task\", \"result\": {\"id\": \"8d4bca97-bd73-4c58-9cb0-0583faf7b034\", \"title\": \"Pay rent\", \"description\": null, \"completed\": false, \"created_at\": \"2026-11-26T00:42:05.536841Z\", \"updated_at\": \"2026-11-26T00:42:05.536845Z\", \"completed_at\": null}, \"error\": null, \"started_at\": \"2026-11-26T00:42:05.533176Z\", \"finished_at\": \"2026-11-26T00:42:05.539303Z\"}','2026-11-26 00:42:05.540381'),
('f84d2c5a-96f6-4e65-848c-92073cc0108b',6,'message.delta','{\"step\": 1, \"text\": \"Added 2 tasks:\\n\"}','2026-11-26 00:42:05.550715'),
('f84d2c5a-96f6-4e65-848c-92073cc0108b',7,'message.delta','{\"step\": 1, \"text\": \"1. Call mom (due Friday 27 November, 09:00)\\n2. Pay rent\"}','2026-11-26 00:42:05.556286'),
('f84d2c5a-96f6-4e65-848c-92073cc0108b',8,'message.completed','{\"message\": {\"id\": \"467d3e3a-5029-4856-a59b-44cc8e9bed68\", \"conversation_id\": \"f236c1bb-9048-4866-801a-361a572f6068\", \"role\": \"agent\", \"sender\": {\"type\": \"agent\", \"id\": null, \"name\": \"Parley\"}, \"content\": \"Added 2 tasks:\\n1. Call mom (due Friday 27 November, 09:00)\\n2. Pay rent\", \"tool_calls\": [{\"id\": \"call_1\", \"name\": \"add_task\", \"arguments\": {\"title\": \"Call mom\", \"description\": \"Due Friday 27 November 2026, 09:00\"}, \"result\": {\"id\": \"10a14e2b-9ddd-48e6-9c9e-3c39c7848429\", \"title\": \"Call mom\", \"description\": \"Due Friday 27 November 2026, 09:00\", \"completed\": false, \"created_at\": \"2026-11-26T00:42:05.528109Z\", \"updated_at\": \"2026-11-26T00:42:05.528112Z\", \"completed_at\": null}, \"error\": null, \"started_at\": \"2026-11-26T00:42:05.524519Z\", \"finished_at\": \"2026-11-26T00:42:05.530789Z\"}, {\"id\": \"call_2\", \"name\": \"add_task\", \"arguments\": {\"title\": \"Pay rent\"}, \"result\": {\"id\": \"8d4bca97-bd73-4c58-9cb0-0583faf7b034\", \"title\": \"Pay rent\", \"description\": null, \"completed\": false, \"created_at\": \"2026-11-26T00:42:05.536841Z\", \"updated_at\": \"2026-11-26T00:42:05.536845Z\", \"completed_at\": null}, \"error\": null, \"started_at\": \"2026-11-26T00:42:05.533176Z\", \"finished_at\": \"2026-11-26T00:42:05.539303Z\"}], \"client_id\": null, \"run_id\": \"f84d2c5a-96f6-4e65-848c-92073cc0108b\", \"created_at\": \"2026-11-26T00:42:05.566910Z\"}}','2026-11-26 00:42:05.570330'),
('f84d2c5a-96f6-4e65-848c-92073cc0108b',9,'run.completed','{\"status\": \"completed\", \"message_id\": \"467d3e3a-5029-4856-a59b-44cc8e9bed68\", \"error\": null}','2026-11-26 00:42:05.573605'),
('b78087cd-c153-4236-b2ea-bee915844444',1,'run.started','{\"conversation_id\": \"f236c1bb-9048-4866-801a-361a572f6068\", \"user_message_id\": \"efdf598b-5470-4c88-a0a3-46f95d21926b\", \"timezone\": \"Europe/Berlin\"}','2026-11-26 00:42:05.694392'),
('b78087cd-c153-4236-b2ea-bee915844444',2,'tool.call','{\"step\": 0, \"id\": \"call_1\", \"name\": \"list_tasks\", \"arguments\": {\"completed\": false}}','2026-11-26 00:42:05.710564'),
('b78087cd-c153-4236-b2ea-bee915844444',3,'tool.result','{\"step\": 0, \"id\": \"call_1\", \"name\": \"list_tasks\", \"result\": {\"tasks\": [{\"id\": \"8d4bca97-bd73-4c58-9cb0-0583faf7b034\", \"title\": \"Pay rent\", \"description\": null, \"completed\": false, \"created_at\": \"2026-11-26T00:42:05.536841Z\", \"updated_at\": \"2026-11-26T00:42:05.536845Z\", \"completed_at\": null}, {\"id\": \"cbe6aa2d-4ae1-4334-a298-a6ba02d56577\", \"title\": \"Buy milk\", \"description\": \"2 litres\", \"completed\": false, \"created_at\": \"2026-11-26T00:42:05.458671Z\", \"updated_at\": \"2026-11-26T00:42:05.458674Z\", \"completed_at\": null}], \"more\": false}, \"error\": null, \"started_at\": \"2026-11-26T00:42:05.711968Z\", \"finished_at\": \"2026-11-26T00:42:05.717527Z\"}','2026-11-26 00:42:05.718432'),
('b78087cd-c153-4236-b2ea-bee915844444',4,'message.delta','{\"step\": 1, \"text\": \"You have 2 \"}','2026-11-26 00:42:05.730807'),
('b78087cd-c153-4236-b2ea-bee915844444',5,'message.delta','{\"step\": 1, \"text\": \"open tasks:\\n1. Pay rent\\n2. Buy milk (2 litres)\"}','2026-11-26 00:42:05.736352'),
('b78087cd-c153-4236-b2ea-bee915844444',6,'message.completed','{\"message\": {\"id\": \"3d239ff8-e77e-480b-a85f-4a17d1a97beb\", \"conversation_id\": \"f236c1bb-9048-4866-801a-361a572f6068\", \"role\": \"agent\", \"sender\": {\"type\": \"agent\", \"id\": null, \"name\": \"Parley\"}, \"content\": \"You have 2 open tasks:\\n1. Pay rent\\n2. Buy milk (2 litres)\", \"tool_calls\": [{\"id\": \"call_1\", \"name\": \"list_tasks\", \"arguments\": {\"completed\": false}, \"result\": {\"tasks\": [{\"id\": \"8d4bca97-bd73-4c58-9cb0-0583faf7b034\", \"title\": \"Pay rent\", \"description\": null, \"completed\": false, \"created_at\": \"2026-11-26T00:42:05.536841Z\", \"updated_at\": \"2026-11-26T00:42:05.536845Z\", \"completed_at\": null}, {\"id\": \"cbe6aa2d-4ae1-4334-a298-a6ba02d56577\", \"title\": \"Buy milk\", \"description\": \"2 litres\", \"completed\": false, \"created_at\": \"2026-11-26T00:42:05.458671Z\", \"updated_at\": \"2026-11-26T00:42:05.458674Z\", \"completed_at\": null}], \"more\": false}, \"error\": null, \"started_at\": \"2026-11-26T00:42:05.711968Z\", \"finished_at\": \"2026-11-26T00:42:05.717527Z\"}], \"client_id\": null, \"run_id\": \"b78087cd-c153-4236-b2ea-bee915844444\", \"created_at\": \"2026-11-26T00:42:05.746751Z\"}}','2026-11-26 00:42:05.750106'),
('b78087cd-c153-4236-b2ea-bee915844444',7,'run.completed','{\"status\": \"completed\", \"message_id\": \"3d239ff8-e77e-480b-a85f-4a17d1a97beb\", \"error\": null}','2026-11-26 00:42:05.752990'),
('eaa7e968-10ab-4a61-baa8-fd6ec7b9490c',1,'run.started','{\"conversation_id\": \"f236c1bb-9048-4866-801a-361a572f6068\", \"user_message_id\": \"640d8769-ccc3-4fec-9e8b-3df11d2341d1\", \"timezone\": \"Europe/Berlin\"}','2026-11-26 00:42:05.600219'),
('eaa7e968-10ab-4a61-baa8-fd6ec7b9490c',2,'tool.call','{\"step\": 0, \"id\": \"call_1\", \"name\": \"list_tasks\", \"arguments\": {\"q\": \"mom\", \"completed\": false}}','2026-11-26 00:42:05.617689'),
('eaa7e968-10ab-4a61-baa8-fd6ec7b9490c',3,'tool.result','{\"step\": 0, \"id\": \"call_1\", \"name\": \"list_tasks\", \"result\": {\"tasks\": [{\"id\": \"10a14e2b-9ddd-48e6-9c9e-3c39c7848429\", \"title\": \"Call mom\", \"description\": \"Due Friday 27 November 2026, 09:00\", \"completed\": false, \"created_at\": \"2026-11-26T00:42:05.528109Z\", \"updated_at\": \"2026-11-26T00:42:05.528112Z\", \"completed_at\": null}], \"more\": false}, \"error\": null, \"started_at\": \"2026-11-26T00:42:05.619056Z\", \"finished_at\": \"2026-11-26T00:42:05.625064Z\"}','2026-11-26 00:42:05.625939'),
('eaa7e968-10ab-4a61-baa8-fd6ec7b9490c',4,'tool.call','{\"step\": 1, \"id\": \"call_2\", \"name\": \"complete_task\", \"arguments\": {\"task_id\": \"10a14e2b-9ddd-48e6-9c9e-3c39c7848429\"}}','2026-11-26 00:42:05.636224'),
('eaa7e968-10ab-4a61-baa8-fd6ec7b9490c',5,'tool.result','{\"step\": 1, \"id\": \"call_2\", \"name\": \"complete_task\", \"result\": {\"id\": \"10a14e2b-9ddd-48e6-9c9e-3c39c7848429\", \"title\": \"Call mom\", \"description\": \"Due Friday 27 November 2026, 09:00\", \"completed\": true, \"created_at\": \"2026-11-26T00:42:05.528109Z\", \"updated_at\": \"2026-11-26T00:42:05.642864Z\", \"completed_at\": \"2026-11-26T00:42:05.642376Z\"}, \"error\": null, \"started_at\": \"2026-11-26T00:42:05.637501Z\", \"finished_at\": \"2026-11-26T00:42:05.644634Z\"}','2026-11-26 00:42:05.645480'),
('eaa7e968-10ab-4a61-baa8-fd6ec7b9490c',6,'message.delta','{\"step\": 2, \"text\": \"Done: \\u201cCall mom\\u201d.\"}','2026-11-26 00:42:05.655430'),
('eaa7e968-10ab-4a61-baa8-fd6ec7b9490c',7,'message.completed','{\"message\": {\"id\": \"d75413ed-52e6-44c5-ad96-07a9805814e2\", \"conversation_id\": \"f236c1bb-9048-4866-801a-361a572f6068\", \"role\": \"agent\", \"sender\": {\"type\": \"agent\", \"id\": null, \"name\": \"Parley\"}, \"content\": \"Done: \\u201cCall mom\\u201d.\", \"tool_calls\": [{\"id\": \"call_1\", \"name\": \"list_tasks\", \"arguments\": {\"q\": \"mom\", \"completed\": false}, \"result\": {\"tasks\": [{\"id\": \"10a14e2b-9ddd-48e6-9c9e-3c39c7848429\", \"title\": \"Call mom\", \"description\": \"Due Friday 27 November 2026, 09:00\", \"completed\": false, \"created_at\": \"2026-11-26T00:42:05.528109Z\", \"updated_at\": \"2026-11-26T00:42:05.528112Z\", \"completed_at\": null}], \"more\": false}, \"error\": null, \"started_at\": \"2026-11-26T00:42:05.619056Z\", \"finished_at\": \"2026-11-26T00:42:05.625064Z\"}, {\"id\": \"call_2\", \"name\": \"complete_task\", \"arguments\": {\"task_id\": \"10a14e2b-9ddd-48e6-9c9e-3c39c7848429\"}, \"result\": {\"id\": \"10a14e2b-9ddd-48e6-9c9e-3c39c7848429\", \"title\": \"Call mom\", \"description\": \"Due Friday 27 November 2026, 09:00\", \"completed\": true, \"created_at\": \"2026-11-26T00:42:05.528109Z\", \"updated_at\": \"2026-11-26T00:42:05.642864Z\", \"completed_at\": \"2026-11-26T00:42:05.642376Z\"}, \"error\": null, \"started_at\": \"2026-11-26T00:42:05.637501Z\", \"finished_at\": \"2026-11-26T00:42:05.644634Z\"}], \"client_id\": null, \"run_id\": \"eaa7e968-10ab-4a61-baa8-fd6ec7b9490c\", \"created_at\": \"2026-11-26T00:42:05.664775Z\"}}','2026-11-26 00:42:05.667751'),
('eaa7e968-10ab-4a61-baa8-fd6ec7b9490c',8,'run.completed','{\"status\": \"completed\", \"message_id\": \"d75413ed-52e6-44c5-ad96-07a9805814e2\", \"error\": null}','2026-11-26 00:42:05.670436');
/*!40000 ALTER TABLE `run_events` ENABLE KEYS */;
UNLOCK TABLES;
/*!50003 SET @saved_cs_client      = @@character_set_client */ ;
/*!50003 SET @saved_cs_results     = @@character_set_results */ ;
/*!50003 SET @saved_col_connection = @@collation_connection */ ;
/*!50003 SET character_set_client  = utf8mb4 */ ;
/*!50003 SET character_set_results = utf8mb4 */ ;
/*!50003 SET collation_connection  = utf8mb4_general_ci */ ;
/*!50003 SET @saved_sql_mode       = @@sql_mode */ ;
/*!50003 SET sql_mode              = 'STRICT_ALL_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION' */ ;
DELIMITER ;;
/*!50003 CREATE*/ /*!50003 TRIGGER run_events_keep_created_at BEFORE UPDATE ON run_events FOR EACH ROW
IF NOT OLD.created_at <=> NEW.created_at THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'created_at of run_events never changes';
END IF 
*/;;
DELIMITER ;
/*!50003 SET sql_mode              = @saved_sql_mode */ ;
/*!50003 SET character_set_client  = @saved_cs_client */ ;
/*!50003 SET character_set_results = @saved_cs_results */ ;
/*!50003 SET collation_connection  = @saved_col_connection */ ;
DROP TABLE IF EXISTS `runs`;
/*!40101 SET @saved_cs_client     = @@character_set_client */;
/*!40101 SET character_set_client = utf8mb4 */;
CREATE TABLE `runs` (
  `id` uuid NOT NULL DEFAULT concat(hex(random_bytes(6)),'4',substr(hex(random_bytes(2)),2),substr('89AB',1 + (ascii(random_bytes(1)) & 3),1),substr(hex(random_bytes(2)),2),hex(random_bytes(6))),
  `conversation_id` uuid NOT NULL,
  `user_id` uuid NOT NULL,
  `trigger_seq` int(11) NOT NULL,
  `status` varchar(20) NOT NULL DEFAULT 'queued',
  `error` longtext DEFAULT NULL,
  `epoch` int(11) NOT NULL DEFAULT 0,
  `lease_expires_at` datetime(6) DEFAULT NULL,
  `input_tokens` int(11) NOT NULL DEFAULT 0,
  `output_tokens` int(11) NOT NULL DEFAULT 0,
  `created_at` datetime(6) NOT NULL DEFAULT utc_timestamp(6),
  `started_at` datetime(6) DEFAULT NULL,
  `finished_at` datetime(6) DEFAULT NULL,
  `details_deleted_at` datetime(6) DEFAULT NULL,
  `takeovers` int(11) NOT NULL DEFAULT 0,
  PRIMARY KEY (`id`),
  UNIQUE KEY `uq_runs_conversation_id_trigger_seq` (`conversation_id`,`trigger_seq`),
  KEY `idx_runs_details_deleted_at_finished_at` (`details_deleted_at`,`finished_at`),
  KEY `idx_runs_user_id` (`user_id`),
  KEY `idx_runs_status_lease_expires_at` (`status`,`lease_expires_at`),
  KEY `idx_runs_status_user_id_conversation_id_trigger_seq` (`status`,`user_id`,`conversation_id`,`trigger_seq`),
  CONSTRAINT `fk_runs_conversation_id` FOREIGN KEY (`conversation_id`) REFERENCES `conversations` (`id`) ON DELETE CASCADE,
  CONSTRAINT `fk_runs_user_id` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`) ON DELETE CASCADE,
  CONSTRAINT `runs_status_check` CHECK (`status` in ('queued','running','awaiting_approval','completed','failed','cancelled'))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
/*!40101 SET character_set_client = @saved_cs_client */;
LOCK TABLES `runs` WRITE;
/*!40000 ALTER TABLE `runs` DISABLE KEYS */;
INSERT INTO `runs` VALUES
('d2a4f554-4f48-4575-a353-476b33823e3b','f236c1bb-9048-4866-801a-361a572f6068','af817164-8d61-41e9-812b-8851d0e140f8',7,'completed',NULL,2,NULL,0,0,'2026-11-26 00:42:05.765851','2026-11-26 00:42:05.772041','2026-11-26 00:42:05.915408',NULL,0),
('1f4c8b72-204d-4765-9801-8521772d6c7f','42808be6-0555-4aa9-984f-173e3c583182','af817164-8d61-41e9-812b-8851d0e140f8',1,'completed',NULL,0,NULL,0,0,'2026-11-26 00:42:05.901343','2026-11-26 00:42:05.901343','2026-11-26 00:42:05.901343',NULL,0),
('f84d2c5a-96f6-4e65-848c-92073cc0108b','f236c1bb-9048-4866-801a-361a572f6068','af817164-8d61-41e9-812b-8851d0e140f8',1,'completed',NULL,1,NULL,0,0,'2026-11-26 00:42:05.473452','2026-11-26 00:42:05.481635','2026-11-26 00:42:05.564873',NULL,0),
('b78087cd-c153-4236-b2ea-bee915844444','f236c1bb-9048-4866-801a-361a572f6068','af817164-8d61-41e9-812b-8851d0e140f8',5,'completed',NULL,1,NULL,0,0,'2026-11-26 00:42:05.681898','2026-11-26 00:42:05.687650','2026-11-26 00:42:05.744994',NULL,0),
('eaa7e968-10ab-4a61-baa8-fd6ec7b9490c','f236c1bb-9048-4866-801a-361a572f6068','af817164-8d61-41e9-812b-8851d0e140f8',3,'completed',NULL,1,NULL,0,0,'2026-11-26 00:42:05.587555','2026-11-26 00:42:05.593289','2026-11-26 00:42:05.663111',NULL,0);
/*!40000 ALTER TABLE `runs` ENABLE KEYS */;
UNLOCK TABLES;
/*!50003 SET @saved_cs_client      = @@character_set_client */ ;
/*!50003 SET @saved_cs_results     = @@character_set_results */ ;
/*!50003 SET @saved_col_connection = @@collation_connection */ ;
/*!50003 SET character_set_client  = utf8mb4 */ ;
/*!50003 SET character_set_results = utf8mb4 */ ;
/*!50003 SET collation_connection  = utf8mb4_general_ci */ ;
/*!50003 SET @saved_sql_mode       = @@sql_mode */ ;
/*!50003 SET sql_mode              = 'STRICT_ALL_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION' */ ;
DELIMITER ;;
/*!50003 CREATE*/ /*!50003 TRIGGER runs_keep_created_at BEFORE UPDATE ON runs FOR EACH ROW
IF NOT OLD.created_at <=> NEW.created_at THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'created_at of runs never changes';
END IF 
*/;;
DELIMITER ;
/*!50003 SET sql_mode              = @saved_sql_mode */ ;
/*!50003 SET character_set_client  = @saved_cs_client */ ;
/*!50003 SET character_set_results = @saved_cs_results */ ;
/*!50003 SET collation_connection  = @saved_col_connection */ ;
/*!50003 SET @saved_cs_client      = @@character_set_client */ ;
/*!50003 SET @saved_cs_results     = @@character_set_results */ ;
/*!50003 SET @saved_col_connection = @@collation_connection */ ;
/*!50003 SET character_set_client  = utf8mb4 */ ;
/*!50003 SET character_set_results = utf8mb4 */ ;
/*!50003 SET collation_connection  = utf8mb4_general_ci */ ;
/*!50003 SET @saved_sql_mode       = @@sql_mode */ ;
/*!50003 SET sql_mode              = 'STRICT_ALL_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION' */ ;
DELIMITER ;;
/*!50003 CREATE*/ /*!50003 TRIGGER runs_refuse_delete BEFORE DELETE ON runs FOR EACH ROW
IF EXISTS (SELECT 1 FROM messages WHERE run_id = OLD.id
    AND EXISTS (SELECT 1 FROM conversations WHERE id = messages.conversation_id)
    AND EXISTS (SELECT 1 FROM users WHERE id = messages.user_id))
THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'messages are only added: DELETE is refused';
END IF 
*/;;
DELIMITER ;
/*!50003 SET sql_mode              = @saved_sql_mode */ ;
/*!50003 SET character_set_client  = @saved_cs_client */ ;
/*!50003 SET character_set_results = @saved_cs_results */ ;
/*!50003 SET collation_connection  = @saved_col_connection */ ;
DROP TABLE IF EXISTS `tasks`;
/*!40101 SET @saved_cs_client     = @@character_set_client */;
/*!40101 SET character_set_client = utf8mb4 */;
CREATE TABLE `tasks` (
  `id` uuid NOT NULL DEFAULT concat(hex(random_bytes(6)),'4',substr(hex(random_bytes(2)),2),substr('89AB',1 + (ascii(random_bytes(1)) & 3),1),substr(hex(random_bytes(2)),2),hex(random_bytes(6))),
  `user_id` uuid NOT NULL,
  `title` varchar(255) NOT NULL,
  `description` longtext DEFAULT NULL,
  `completed` tinyint(1) NOT NULL DEFAULT 0,
  `created_at` datetime(6) NOT NULL DEFAULT utc_timestamp(6),
  `updated_at` datetime(6) NOT NULL DEFAULT utc_timestamp(6),
  `completed_at` datetime(6) DEFAULT NULL,
  PRIMARY KEY (`id`),
  KEY `idx_tasks_user_id` (`user_id`),
  KEY `idx_tasks_user_id_completed_at` (`user_id`,`completed_at`),
  KEY `idx_tasks_user_id_created_at` (`user_id`,`created_at` DESC),
  CONSTRAINT `fk_tasks_user_id` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
/*!40101 SET character_set_client = @saved_cs_client */;
LOCK TABLES `tasks` WRITE;
/*!40000 ALTER TABLE `tasks` DISABLE KEYS */;
INSERT INTO `tasks` VALUES
('8d4bca97-bd73-4c58-9cb0-0583faf7b034','af817164-8d61-41e9-812b-8851d0e140f8','Pay rent',NULL,0,'2026-11-26 00:42:05.536841','2026-11-26 00:42:05.536845',NULL),
('10a14e2b-9ddd-48e6-9c9e-3c39c7848429','af817164-8d61-41e9-812b-8851d0e140f8','Call mom','Due Friday 27 November 2026, 09:00',1,'2026-11-26 00:42:05.528109','2026-11-26 00:42:05.642864','2026-11-26 00:42:05.642376'),
('cbe6aa2d-4ae1-4334-a298-a6ba02d56577','af817164-8d61-41e9-812b-8851d0e140f8','Buy milk','2 litres',0,'2026-11-26 00:42:05.458671','2026-11-26 00:42:05.458674',NULL),
('d00fab78-5a45-4eeb-be4e-c491ecce67d1','af817164-8d61-41e9-812b-8851d0e140f8','Water the plants',NULL,0,'2026-11-26 00:42:05.894075','2026-11-26 00:42:05.894077',NULL);
/*!40000 ALTER TABLE `tasks` ENABLE KEYS */;
UNLOCK TABLES;
/*!50003 SET @saved_cs_client      = @@character_set_client */ ;
/*!50003 SET @saved_cs_results     = @@character_set_results */ ;
/*!50003 SET @saved_col_connection = @@collation_connection */ ;
/*!50003 SET character_set_client  = utf8mb4 */ ;
/*!50003 SET character_set_results = utf8mb4 */ ;
/*!50003 SET collation_connection  = utf8mb4_general_ci */ ;
/*!50003 SET @saved_sql_mode       = @@sql_mode */ ;
/*!50003 SET sql_mode              = 'STRICT_ALL_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION' */ ;
DELIMITER ;;
/*!50003 CREATE*/ /*!50003 TRIGGER tasks_keep_created_at BEFORE UPDATE ON tasks FOR EACH ROW
IF NOT OLD.created_at <=> NEW.created_at THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'created_at of tasks never changes';
END IF 
*/;;
DELIMITER ;
/*!50003 SET sql_mode              = @saved_sql_mode */ ;
/*!50003 SET character_set_client  = @saved_cs_client */ ;
/*!50003 SET character_set_results = @saved_cs_results */ ;
/*!50003 SET collation_connection  = @saved_col_connection */ ;
/*!50003 SET @saved_cs_client      = @@character_set_client */ ;
/*!50003 SET @saved_cs_results     = @@character_set_results */ ;
/*!50003 SET @saved_col_connection = @@collation_connection */ ;
/*!50003 SET character_set_client  = utf8mb4 */ ;
/*!50003 SET character_set_results = utf8mb4 */ ;
/*!50003 SET collation_connection  = utf8mb4_general_ci */ ;
/*!50003 SET @saved_sql_mode       = @@sql_mode */ ;
/*!50003 SET sql_mode              = 'STRICT_ALL_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION' */ ;
DELIMITER ;;
/*!50003 CREATE*/ /*!50003 TRIGGER tasks_move_updated_at BEFORE UPDATE ON tasks FOR EACH ROW
SET NEW.updated_at = IF(OLD.updated_at <=> NEW.updated_at, UTC_TIMESTAMP(6), NEW.updated_at) 
*/;;
DELIMITER ;
/*!50003 SET sql_mode              = @saved_sql_mode */ ;
/*!50003 SET character_set_client  = @saved_cs_client */ ;
/*!50003 SET character_set_results = @saved_cs_results */ ;
/*!50003 SET collation_connection  = @saved_col_connection */ ;
DROP TABLE IF EXISTS `users`;
/*!40101 SET @saved_cs_client     = @@character_set_client */;
/*!40101 SET character_set_client = utf8mb4 */;
CREATE TABLE `users` (
  `id` uuid NOT NULL DEFAULT concat(hex(random_bytes(6)),'4',substr(hex(random_bytes(2)),2),substr('89AB',1 + (ascii(random_bytes(1)) & 3),1),substr(hex(random_bytes(2)),2),hex(random_bytes(6))),
  `email` varchar(255) NOT NULL,
  `password_hash` varchar(255) NOT NULL,
  `created_at` datetime(6) NOT NULL DEFAULT utc_timestamp(6),
  `updated_at` datetime(6) NOT NULL DEFAULT utc_timestamp(6),
  `display_name` varchar(100) DEFAULT NULL,
  `timezone` varchar(64) NOT NULL DEFAULT 'UTC',
  `approval` varchar(20) NOT NULL DEFAULT 'destructive',
  `deleted_at` datetime(6) DEFAULT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `users_email_key` (`email`),
  KEY `idx_users_deleted_at` (`deleted_at`),
  KEY `idx_users_email` (`email`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
/*!40101 SET character_set_client = @saved_cs_client */;
LOCK TABLES `users` WRITE;
/*!40000 ALTER TABLE `users` DISABLE KEYS */;
INSERT INTO `users` VALUES
('36a42fa9-d1e0-4283-b064-3db9ec5ba5d8','bob@example.com','$argon2id$v=19$m=65536,t=3,p=4$6L0XQoixdo7Rutf6X4sRQg$1aTfQ6z0sF51I36VF0Dgn2F11EZWa78ou6QiCmqP/Xc','2026-11-26 00:42:05.091639','2026-11-26 00:42:05.091646','Bob','UTC','destructive',NULL),
('af817164-8d61-41e9-812b-8851d0e140f8','ann@example.com','$argon2id$v=19$m=65536,t=3,p=4$v9d6T4nxvjeGkDIGwLj3/g$EhpV6t2xKPWKwR99OSGcnU0+qX/E4Rff0MG8LDcD1wU','2026-11-26 00:42:05.265275','2026-11-26 00:42:05.265282','Ann','Europe/Berlin','destructive',NULL);
/*!40000 ALTER TABLE `users` ENABLE KEYS */;
UNLOCK TABLES;
/*!50003 SET @saved_cs_client      = @@character_set_client */ ;
/*!50003 SET @saved_cs_results     = @@character_set_results */ ;
/*!50003 SET @saved_col_connection = @@collation_connection */ ;
/*!50003 SET character_set_client  = utf8mb4 */ ;
/*!50003 SET character_set_results = utf8mb4 */ ;
/*!50003 SET collation_connection  = utf8mb4_general_ci */ ;
/*!50003 SET @saved_sql_mode       = @@sql_mode */ ;
/*!50003 SET sql_mode              = 'STRICT_ALL_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION' */ ;
DELIMITER ;;
/*!50003 CREATE*/ /*!50003 TRIGGER users_keep_created_at BEFORE UPDATE ON users FOR EACH ROW
IF NOT OLD.created_at <=> NEW.created_at THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'created_at of users never changes';
END IF 
*/;;
DELIMITER ;
/*!50003 SET sql_mode              = @saved_sql_mode */ ;
/*!50003 SET character_set_client  = @saved_cs_client */ ;
/*!50003 SET character_set_results = @saved_cs_results */ ;
/*!50003 SET collation_connection  = @saved_col_connection */ ;
/*!50003 SET @saved_cs_client      = @@character_set_client */ ;
/*!50003 SET @saved_cs_results     = @@character_set_results */ ;
/*!50003 SET @saved_col_connection = @@collation_connection */ ;
/*!50003 SET character_set_client  = utf8mb4 */ ;
/*!50003 SET character_set_results = utf8mb4 */ ;
/*!50003 SET collation_connection  = utf8mb4_general_ci */ ;
/*!50003 SET @saved_sql_mode       = @@sql_mode */ ;
/*!50003 SET sql_mode              = 'STRICT_ALL_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION' */ ;
DELIMITER ;;
/*!50003 CREATE*/ /*!50003 TRIGGER users_move_updated_at BEFORE UPDATE ON users FOR EACH ROW
SET NEW.updated_at = IF(OLD.updated_at <=> NEW.updated_at, UTC_TIMESTAMP(6), NEW.updated_at) 
*/;;
DELIMITER ;
/*!50003 SET sql_mode              = @saved_sql_mode */ ;
/*!50003 SET character_set_client  = @saved_cs_client */ ;
/*!50003 SET character_set_results = @saved_cs_results */ ;
/*!50003 SET collation_connection  = @saved_col_connection */ ;
/*!40103 SET TIME_ZONE=@OLD_TIME_ZONE */;
/*!40101 SET SQL_MODE=@OLD_SQL_MODE */;
/*!40014 SET FOREIGN_KEY_CHECKS=@OLD_FOREIGN_KEY_CHECKS */;
/*!40014 SET UNIQUE_CHECKS=@OLD_UNIQUE_CHECKS */;
/*!40101 SET CHARACTER_SET_CLIENT=@OLD_CHARACTER_SET_CLIENT */;
/*!40101 SET CHARACTER_SET_RESULTS=@OLD_CHARACTER_SET_RESULTS */;
/*!40101 SET COLLATION_CONNECTION=@OLD_COLLATION_CONNECTION */;
/*!40111 SET SQL_NOTES=@OLD_SQL_NOTES */;
