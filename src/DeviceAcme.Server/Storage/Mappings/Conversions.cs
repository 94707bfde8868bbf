using System.Text.Json;
using DeviceAcme.Core;
using DeviceAcme.Core.Accounts;
using DeviceAcme.Core.Devices;
using DeviceAcme.Core.Orders;
using DeviceAcme.Protocol.Acme;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.ChangeTracking;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace DeviceAcme.Server.Storage.Mappings;

/// <summary>How values stand in the store: times as Unix milliseconds, ids and statuses as text, lists as JSON.</summary>
internal static class Conversions
{
    public static void Configure(ModelConfigurationBuilder conventions)
    {
        conventions.Properties<DateTimeOffset>().HaveConversion<UnixMilliseconds>();
        conventions.Properties<AccountId>().HaveConversion<AccountIdText>();
        conventions.Properties<OrderId>().HaveConversion<OrderIdText>();
        conventions.Properties<AuthorizationId>().HaveConversion<AuthorizationIdText>();
        conventions.Properties<ChallengeId>().HaveConversion<ChallengeIdText>();
        conventions.Properties<CertificateId>().HaveConversion<CertificateIdText>();
        conventions.Properties<DeviceId>().HaveConversion<DeviceIdText>();
        conventions.Properties<EvidenceId>().HaveConversion<EvidenceIdText>();
        conventions.Properties<ActivationId>().HaveConversion<ActivationIdText>();
        conventions.Properties<TicketId>().HaveConversion<TicketIdText>();
        conventions.Properties<AccountStatus>().HaveConversion<StatusText<AccountStatus>>();
        conventions.Properties<OrderStatus>().HaveConversion<StatusText<OrderStatus>>();
        conventions.Properties<AuthorizationStatus>().HaveConversion<StatusText<AuthorizationStatus>>();
        conventions.Properties<ChallengeStatus>().HaveConversion<StatusText<ChallengeStatus>>();
        conventions.Properties<IssuanceState>().HaveConversion<StatusText<IssuanceState>>();
        conventions.Properties<OfficerDecision>().HaveConversion<StatusText<OfficerDecision>>();
        conventions.Properties<DeviceState>().HaveConversion<StatusText<DeviceState>>();
        conventions.Properties<IReadOnlyDictionary<string, string>>().HaveConversion<TextMapJson, MapComparer>();
        conventions.Properties<SightingState>().HaveConversion<StatusText<SightingState>>();
        conventions.Properties<Problem>().HaveConversion<ProblemJson>();
        conventions.Properties<IReadOnlyList<string>>().HaveConversion<TextListJson, ListComparer<string>>();
        conventions.Properties<IReadOnlyList<AcmeIdentifier>>().HaveConversion<IdentifierListJson, ListComparer<AcmeIdentifier>>();
    }

    private sealed class UnixMilliseconds() : ValueConverter<DateTimeOffset, long>(time => time.ToUnixTimeMilliseconds(), ms => DateTimeOffset.FromUnixTimeMilliseconds(ms));

    private sealed class AccountIdText() : ValueConverter<AccountId, string>(id => id.Value, text => new AccountId(text));

    private sealed class OrderIdText() : ValueConverter<OrderId, string>(id => id.Value, text => new OrderId(text));

    private sealed class AuthorizationIdText() : ValueConverter<AuthorizationId, string>(id => id.Value, text => new AuthorizationId(text));

    private sealed class ChallengeIdText() : ValueConverter<ChallengeId, string>(id => id.Value, text => new ChallengeId(text));

    private sealed class CertificateIdText() : ValueConverter<CertificateId, string>(id => id.Value, text => new CertificateId(text));

    private sealed class DeviceIdText() : ValueConverter<DeviceId, string>(id => id.Value, text => new DeviceId(text));

    private sealed class EvidenceIdText() : ValueConverter<EvidenceId, string>(id => id.Value, text => new EvidenceId(text));

    private sealed class ActivationIdText() : ValueConverter<ActivationId, string>(id => id.Value, text => new ActivationId(text));

    private sealed class TicketIdText() : ValueConverter<TicketId, string>(id => id.Value, text => new TicketId(text));

    private sealed class StatusText<T>() : ValueConverter<T, string>(status => status.ToString().ToLowerInvariant(), text => Enum.Parse<T>(text, true))
        where T : struct, Enum;

    private sealed class ProblemJson() : ValueConverter<Problem, string>(problem => Write(problem), text => Read<Problem>(text));

    private sealed class TextMapJson() : ValueConverter<IReadOnlyDictionary<string, string>, string>(
        map => Write(map), text => new SortedDictionary<string, string>(Read<Dictionary<string, string>>(text), StringComparer.Ordinal));

    private sealed class MapComparer() : ValueComparer<IReadOnlyDictionary<string, string>>(
        (left, right) => ReferenceEquals(left, right) || (left != null && right != null && left.SequenceEqual(right)),
        map => map.Aggregate(0, (hash, item) => HashCode.Combine(hash, item)),
        map => map);

    private sealed class TextListJson() : ValueConverter<IReadOnlyList<string>, string>(list => Write(list), text => Read<List<string>>(text));

    private sealed class IdentifierListJson() : ValueConverter<IReadOnlyList<AcmeIdentifier>, string>(
        list => Write(list), text => Read<List<AcmeIdentifier>>(text));

    private sealed class ListComparer<T>() : ValueComparer<IReadOnlyList<T>>(
        (left, right) => ReferenceEquals(left, right) || (left != null && right != null && left.SequenceEqual(right)),
        list => list.Aggregate(0, (hash, item) => HashCode.Combine(hash, item)),
        list => list);

    private static readonly JsonSerializerOptions Json = new() { DefaultIgnoreCondition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull };

    private static string Write<T>(T value) => JsonSerializer.Serialize(value, Json);

    private static T Read<T>(string text) => JsonSerializer.Deserialize<T>(text, Json)!;
}
