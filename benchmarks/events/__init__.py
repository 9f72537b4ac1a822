"""What the event engines are measured against."""
