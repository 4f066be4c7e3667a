"""Results as workbook, printed forms and files. Shows numbers and never computes one."""
