"""What servers share: the door that every request passes, connections and their deadlines, previews."""
