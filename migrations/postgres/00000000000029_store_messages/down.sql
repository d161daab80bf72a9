DROP FUNCTION parlor_store_messages(
    BIGINT[], BIGINT[], BIGINT[], BIGINT[], BOOLEAN[], TEXT[], TEXT[], BIGINT[], BOOLEAN);
