"""What people write to each other on a practice phone, in several scripts."""

from random import Random

MESSAGES = (
    "See you at the station at six",
    "Did you find the blue folder?",
    "The parcel has arrived",
    "I will be ten minutes late",
    "Please bring the spare keys",
    "Lunch on Thursday?",
    "The meeting moved to room four",
    "Thank you for the flowers!",
    "Can you water the plants while we are away? The small ones need some every day, the cactus "
    "none at all.",
    "The door code has changed, ask at the desk",
    "Call me when you are home",
    "Your bicycle is ready",
    "We are out of milk",
    "The train leaves from platform nine",
    "I have booked a table for five",
    "The heating works again",
    "Do not forget the tickets",
    "It rained all day here ☔",
    "Say hello to everyone",
    'He only said "maybe" and went away',
    "Καλημέρα! Τι κάνεις;",
    "Τα κλειδιά είναι στο συρτάρι",
    "Привет! Как дела?",
    "Спасибо, всё получил",
    "今日は雨ですね。",
    "会議は三時からです",
    "我们明天见",
    "내일 봐요!",
    "شكرا جزيلا",
    "C'est déjà l'été ici ☀️",
    "¿Vienes a la fiesta?",
    "Größere Schuhe gibt's nur online",
    "On my way 🚲",
    "Haha 😂",
    "The concert was wonderful, you should have been there!",
    "Which colour for the kitchen: green or blue?",
)
"""For conversations."""

ANSWERS = (
    "OK 👍",
    "Thanks!",
    "Got it",
    "I'll tell you later",
    "Great, see you then",
    "Спасибо!",
    "ありがとう",
    "Ευχαριστώ!",
)
"""To what the phone's owner writes."""

_TO_WRITE = (
    "I will be there at {h}:{m}",
    "Bring {n} chairs, please",
    "We need {n} more tickets",
    'She said "at {h}, not at {g}"',
    "It's {n} euros, isn't it?",
    "Room {n}, second floor",
    "Meet me at gate {n} 🙂",
    "Paid {n} € for the lamp",
    "Come at {h}; don't ring the bell",
    "Буду дома в {h}:{m}",
    "Купи {n} яблок, пожалуйста",
    "Θα έρθω στις {h}:{m}",
    "Φέρε {n} ποτήρια",
    "{h}時に駅で会いましょう",
    "切符を{n}枚ください",
    "我{h}点到",
    "{h}시에 만나요",
    "أراك الساعة {h}",
    "Je serai là à {h} h {m}, d'accord ?",
    "Übrigens: {n} Gäste, nicht {g}",
    "Sí, a las {h}:{m} 👌",
)


def to_write(rng: Random) -> str:
    """Make up a message to be written, mostly in English, sometimes in another script."""
    pattern = rng.choice(_TO_WRITE[:9] if rng.random() < 0.6 else _TO_WRITE[9:])
    return pattern.format(
        h=rng.randrange(7, 22), m=f"{rng.randrange(60):02d}", n=rng.randrange(2, 60),
        g=rng.randrange(23, 31),
    )  # fmt: skip
