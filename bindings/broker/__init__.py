"""The broker inside: ``gate`` and ``packets`` check what comes before ``house``, which is amqtt's broker, sees it."""
