"""Reading event logs of many formats. In: files. Out: event batches and rejected rows. Never: stores anything."""
