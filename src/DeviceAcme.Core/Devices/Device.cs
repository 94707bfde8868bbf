using DeviceAcme.Core.Audit;
using DeviceAcme.Protocol.Acme;

namespace DeviceAcme.Core.Devices;

/// <summary>The ledger entry that accounts, orders, evidence and certificates hang from.</summary>
/// <remarks>Each event has one method: guard, change, audit event. There are no silent no-ops.</remarks>
internal sealed class Device
{
    private const int MostNames = 50;

    private Device()
    {
    }

    public DeviceId Id { get; private init; }

    /// <summary>The name that it came with first, or the first that is left; all of them stand in their own table.</summary>
    public string IdentifierType { get; private set; } = "";

    public string IdentifierValue { get; private set; } = "";
    public DateTimeOffset CreatedAt { get; private init; }

    /// <summary>When evidence for it was last accepted; null for one that never showed any.</summary>
    public DateTimeOffset? LastSeenAt { get; private set; }

    /// <summary>What people call it.</summary>
    public string? Label { get; private set; }

    public string? Owner { get; private set; }

    /// <summary>Free keys and values, facts <c>ledger.KEY</c> for rules and templates.</summary>
    public IReadOnlyDictionary<string, string> Attributes { get; private set; } = new Dictionary<string, string>();

    public IReadOnlyList<string> Groups { get; private set; } = [];
    public DeviceState State { get; private set; }
    public DateTimeOffset StateSince { get; private set; }

    /// <summary>Why it is in this state, in somebody's words.</summary>
    public string? StateReason { get; private set; }

    public DeviceId? ReplacedBy { get; private set; }
    public int Version { get; private set; }

    /// <summary>What an inventory of somebody else last said of it, where one was asked; no part of what is stored.</summary>
    public InventoryStanding? Inventory { get; set; }

    /// <summary>The first of its names.</summary>
    public DeviceKey Key => new(IdentifierType, IdentifierValue);

    /// <summary>Somebody expects it.</summary>
    public static (Device Device, AuditEvent Happened) Expect(DeviceKey key, DeviceDescription description, DeviceState state, string actor, DateTimeOffset now)
    {
        var device = Make(key, state, now);
        device.Describe(description);
        return (device, device.Event("device.added", now, actor, $"{key}, {state.Name()}"));
    }

    /// <summary>Evidence proved it, and the profile registers whoever comes.</summary>
    public static (Device Device, AuditEvent Happened) Register(DeviceKey key, string profile, DateTimeOffset now)
    {
        var device = Make(key, DeviceState.Active, now);
        device.LastSeenAt = now;
        return (device, device.Event("device.registered", now, null, $"{key}: not known before; profile {profile} registers", profile));
    }

    /// <summary>Evidence proved it, and the profile has an officer decide whether it is ours.</summary>
    public static (Device Device, AuditEvent Happened) Propose(DeviceKey key, string profile, DateTimeOffset now)
    {
        var device = Make(key, DeviceState.Pending, now);
        device.LastSeenAt = now;
        return (device, device.Event("device.proposed", now, null, $"{key}: not known before; profile {profile} waits for an officer", profile));
    }

    /// <summary>An officer says that it is ours.</summary>
    public AuditEvent Approve(string? reason, string actor, DateTimeOffset now) =>
        Move(DeviceState.Active, [DeviceState.Pending], "device.approved", reason, actor, now);

    /// <summary>Evidence for it was accepted.</summary>
    /// <returns>What changed by that; null where it was seen before.</returns>
    public AuditEvent? Seen(string profile, DateTimeOffset now)
    {
        LastSeenAt = now;
        if (State != DeviceState.Expected)
        {
            return null;
        }

        Enter(DeviceState.Active, null, now);
        return Event("device.activated", now, null, "it was expected, and proved itself", profile);
    }

    /// <summary>Somebody describes it anew.</summary>
    /// <returns>Null where nothing is different.</returns>
    public AuditEvent? Edit(DeviceDescription description, string actor, DateTimeOffset now)
    {
        var before = Description;
        Describe(description);
        var after = Description;
        return before.SameAs(after) ? null : Event("device.edited", now, actor, before.Difference(after));
    }

    /// <summary>Names are added and taken away; the caller keeps their table.</summary>
    /// <param name="names">All that it has so far.</param>
    /// <returns>Null where nothing is different.</returns>
    public AuditEvent? Rename(IReadOnlyCollection<DeviceKey> names, IReadOnlyCollection<DeviceKey> added, IReadOnlyCollection<DeviceKey> removed, string actor, DateTimeOffset now)
    {
        if (removed.Except(names).ToList() is [var missing, ..])
        {
            throw Problems.Malformed("device-identifier-missing", $"removeIdentifiers: the device has no {missing}", 409);
        }

        var (more, left) = (added.Except(names).ToList(), names.Except(removed).Union(added).ToList());
        if (left.Count is 0 or > MostNames)
        {
            throw Problems.Malformed("device-identifier-count", $"identifiers: expected 1 to {MostNames}, found {left.Count}; a device that is of no use any more is retired", 409);
        }

        if (more.Count == 0 && removed.Count == 0)
        {
            return null;
        }

        if (removed.Contains(Key))
        {
            (IdentifierType, IdentifierValue) = (left[0].Kind, left[0].Value);
        }

        return Event("device.renamed", now, actor, string.Join("; ", more.Select(name => $"is {name}").Concat(removed.Select(name => $"is no longer {name}"))));
    }

    /// <summary>All of its certificates were revoked at once; each has an event of its own.</summary>
    public AuditEvent Revoked(int certificates, int attestationKeys, string? reason, string actor, DateTimeOffset now) =>
        Event("device.revoked", now, actor, $"{certificates} {(certificates == 1 ? "certificate" : "certificates")}, {attestationKeys} of attestation keys{(reason is null ? "" : $": {reason}")}");

    public AuditEvent Quarantine(string? reason, string actor, DateTimeOffset now) =>
        Move(DeviceState.Quarantined, [DeviceState.Expected, DeviceState.Active, DeviceState.Pending], "device.quarantined", reason, actor, now);

    public AuditEvent Block(string? reason, string actor, DateTimeOffset now) =>
        Move(DeviceState.Blocked, [DeviceState.Expected, DeviceState.Active, DeviceState.Pending, DeviceState.Quarantined], "device.blocked", reason, actor, now);

    /// <summary>Whatever kept it from certificates is over.</summary>
    public AuditEvent Unblock(string? reason, string actor, DateTimeOffset now)
    {
        if (ReplacedBy is { } successor)
        {
            throw Problems.Malformed("device-replaced", $"state: the device was replaced by {successor}; only one without a successor comes back", 409);
        }

        return Move(LastSeenAt is null ? DeviceState.Expected : DeviceState.Active, [DeviceState.Pending, DeviceState.Quarantined, DeviceState.Blocked, DeviceState.Retired], "device.unblocked", reason, actor, now);
    }

    public AuditEvent Retire(string? reason, string actor, DateTimeOffset now) =>
        Move(DeviceState.Retired, [DeviceState.Expected, DeviceState.Active, DeviceState.Pending, DeviceState.Quarantined, DeviceState.Blocked], "device.retired", reason, actor, now);

    /// <summary>It goes out of service, and another one takes its place.</summary>
    public AuditEvent ReplaceBy(DeviceId successor, string? reason, string actor, DateTimeOffset now)
    {
        if (successor == Id)
        {
            throw Problems.Malformed("device-replaces-itself", "successor: a device cannot take its own place");
        }

        var happened = Move(DeviceState.Retired, [DeviceState.Expected, DeviceState.Active, DeviceState.Pending, DeviceState.Quarantined, DeviceState.Blocked], "device.replaced", reason ?? $"replaced by {successor}", actor, now);
        ReplacedBy = successor;
        return happened;
    }

    /// <summary>To a state that an import or an edit names; null where it is in it.</summary>
    public AuditEvent? To(DeviceState state, string? reason, string actor, DateTimeOffset now) => state switch
    {
        _ when state == State => null,
        DeviceState.Quarantined => Quarantine(reason, actor, now),
        DeviceState.Blocked => Block(reason, actor, now),
        DeviceState.Retired => Retire(reason, actor, now),
        // only evidence brings a device there, and only a decision away
        DeviceState.Pending => null,
        // whether it was seen decides, and not who writes: an inventory that says expected or active says that nothing is held against it
        _ when State == DeviceState.Pending => Approve(reason, actor, now),
        _ => State is DeviceState.Expected or DeviceState.Active ? null : Unblock(reason, actor, now),
    };

    public DeviceDescription Description => new() { Label = Label, Owner = Owner, Attributes = Attributes, Groups = Groups };

    private static Device Make(DeviceKey key, DeviceState state, DateTimeOffset now) => new()
    {
        Id = new DeviceId(Secrets.Id(now)),
        IdentifierType = key.Kind,
        IdentifierValue = key.Value,
        CreatedAt = now,
        State = state,
        StateSince = now,
    };

    private AuditEvent Move(DeviceState state, IReadOnlyCollection<DeviceState> from, string kind, string? reason, string actor, DateTimeOffset now)
    {
        if (!from.Contains(State))
        {
            throw Problems.Malformed("device-state", $"state: expected {string.Join(", ", from.Select(DeviceStates.Name))}; the device is {State.Name()} since {StateSince:u}", 409);
        }

        var before = State;
        Enter(state, reason, now);
        return Event(kind, now, actor, $"{before.Name()} to {state.Name()}{(reason is null ? "" : $": {reason}")}");
    }

    private void Enter(DeviceState state, string? reason, DateTimeOffset now)
    {
        State = state;
        StateReason = reason;
        StateSince = now;
    }

    private void Describe(DeviceDescription description)
    {
        Label = description.Label is { } label ? (label.Length == 0 ? null : label) : Label;
        Owner = description.Owner is { } owner ? (owner.Length == 0 ? null : owner) : Owner;
        Groups = description.Groups is { } groups ? [.. groups.Order(StringComparer.Ordinal)] : Groups;
        if (description.Attributes is { } attributes)
        {
            // an empty value takes the key away
            Attributes = attributes.Aggregate(
                    new SortedDictionary<string, string>(Attributes.ToDictionary(), StringComparer.Ordinal),
                    (all, attribute) =>
                    {
                        all.Remove(attribute.Key);
                        if (attribute.Value.Length > 0)
                        {
                            all.Add(attribute.Key, attribute.Value);
                        }

                        return all;
                    });
        }
    }

    private AuditEvent Event(string kind, DateTimeOffset now, string? actor, string? detail, string? profile = null) =>
        new() { At = now, Kind = kind, Actor = actor, Profile = profile, Device = Id, Detail = detail };
}

/// <summary>A name of a device in the ledger's index.</summary>
internal sealed class DeviceIdentifier
{
    public required string Kind { get; init; }
    public required string Value { get; init; }
    public required DeviceId Device { get; set; }
}
