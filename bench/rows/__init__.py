"""The rows of the table. Each module has rows: functions that measure and give a list of `Result`s."""
