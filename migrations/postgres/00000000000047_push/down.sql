DROP TABLE push_state;
DROP TABLE push_notes;
DROP TABLE quiet_times;
DROP TABLE devices;
