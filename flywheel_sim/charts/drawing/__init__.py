"""Drawing: from chart records to figures. Nothing here is imported before a chart is drawn; it is what needs matplotlib."""
