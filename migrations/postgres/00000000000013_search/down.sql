DROP INDEX messages_deleted_at;
DROP INDEX messages_edited_at;
