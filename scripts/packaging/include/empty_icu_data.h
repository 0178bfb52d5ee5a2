// Nothing is declared here: ICU finds the table by the name of its symbol.
