"""The town in lines of text: for screen readers, slow links, and whoever likes lines."""
