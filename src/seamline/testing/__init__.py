"""What Seamline tests itself with, public: users test their product the same way."""
