"""What is spoken to callers: values read in Chinese and English, texts made into sound."""
