"""The catalogue that is shipped, as YAML; read by seamline.site.catalogue.loader."""
