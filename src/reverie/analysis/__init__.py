"""What a network says of photographs."""
