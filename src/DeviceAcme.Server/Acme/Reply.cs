using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using DeviceAcme.Core.Accounts;
using DeviceAcme.Core.Orders;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Server.Storage;

namespace DeviceAcme.Server.Acme;

/// <summary>How the resources stand on the wire.</summary>
internal static class Reply
{
    /// <summary>Seconds until a client should look again; small, because clients wait five to ten where it is absent.</summary>
    private const string PollAfter = "1";

    /// <summary>The same of an order: somebody is looking at it, and a client that counts its questions must not give up at once.</summary>
    private const string PollOrderAfter = "5";

    /// <summary>Writes a body with its exact length and a media type without parameters, which some clients compare as text.</summary>
    public static Task Json<T>(HttpResponse response, T body, JsonTypeInfo<T> type, string mediaType = "application/json")
    {
        var bytes = JsonSerializer.SerializeToUtf8Bytes(body, type);
        response.ContentType = mediaType;
        response.ContentLength = bytes.Length;
        return HttpMethods.IsHead(response.HttpContext.Request.Method) ? Task.CompletedTask : response.Body.WriteAsync(bytes).AsTask();
    }

    public static IResult Account(AcmeRequest request, Account account, bool created)
    {
        var body = new AccountObject
        {
            Status = account.Status.ToString().ToLowerInvariant(),
            Contact = account.Contact.Count > 0 ? account.Contact : null,
            TermsOfServiceAgreed = account.AgreedTerms is null ? null : true,
            ExternalAccountBinding = account.ExternalAccountBinding is { } binding ? JsonElement.Parse(binding) : null,
            Orders = request.Urls.Orders(account.Id),
        };
        return new JsonReply<AccountObject>(body, AcmeJson.Default.AccountObject) { Status = created ? 201 : 200 };
    }

    public static JsonReply<OrderObject> Order(AcmeRequest request, OrderWithAuthorizations found, int status = 200)
    {
        var (order, authorizations) = found;
        var state = order.StatusAt(authorizations, request.Now);
        var urls = request.Urls;
        var body = new OrderObject
        {
            Status = state.Wire(),
            Expires = order.Expires,
            Identifiers = order.Identifiers,
            Profile = order.Profile,
            NotBefore = order.NotBefore,
            NotAfter = order.NotAfter,
            Error = order.Error,
            Authorizations = authorizations.Select(authorization => urls.Authorization(authorization.Id)).ToList(),
            Finalize = urls.Finalize(order.Id),
            Certificate = order.CertificateId is { } certificate ? urls.Certificate(certificate) : null,
        };
        return new JsonReply<OrderObject>(body, AcmeJson.Default.OrderObject)
        {
            Status = status,
            Location = urls.Order(order.Id),
            RetryAfter = state == OrderStatus.Processing ? PollOrderAfter : null,
        };
    }

    public static JsonReply<AuthorizationObject> Authorization(AcmeRequest request, Authorization authorization, int status = 200)
    {
        var body = new AuthorizationObject
        {
            Identifier = authorization.Identifier,
            Status = authorization.StatusAt(request.Now).Wire(),
            Expires = authorization.Expires,
            Challenges = authorization.Challenges.OrderBy(challenge => challenge.Position).Select(challenge => Of(request.Urls, challenge)).ToList(),
            Wildcard = authorization.Wildcard ? true : null,
        };
        return new JsonReply<AuthorizationObject>(body, AcmeJson.Default.AuthorizationObject)
        {
            Status = status,
            Location = status == 201 ? request.Urls.Authorization(authorization.Id) : null,
            RetryAfter = authorization.Challenges.Any(challenge => challenge.Status == ChallengeStatus.Processing) ? PollAfter : null,
        };
    }

    public static JsonReply<ChallengeObject> Challenge(AcmeRequest request, Challenge challenge) => new(Of(request.Urls, challenge), AcmeJson.Default.ChallengeObject)
    {
        Up = request.Urls.Authorization(challenge.AuthorizationId),
        RetryAfter = challenge.Status == ChallengeStatus.Processing ? PollAfter : null,
    };

    private static ChallengeObject Of(AcmeUrls urls, Challenge challenge) => new()
    {
        Type = challenge.Type,
        Url = urls.Challenge(challenge.Id),
        Status = challenge.Status.Wire(),
        Token = challenge.Token,
        Validated = challenge.ValidatedAt,
        Error = challenge.Error,
    };
}

/// <summary>A JSON reply with the headers that ACME uses.</summary>
internal sealed class JsonReply<T>(T body, JsonTypeInfo<T> type) : IResult
{
    public int Status { get; init; } = 200;
    public string? Location { get; init; }

    /// <summary>RFC 8555 §7.5.1: from a challenge to its authorization.</summary>
    public string? Up { get; init; }

    /// <summary>The next page of a list (RFC 8555 §7.1.2.1).</summary>
    public string? Next { get; init; }

    public string? RetryAfter { get; init; }

    public Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.StatusCode = Status;
        if (Location is not null)
        {
            response.Headers.Location = Location;
        }

        foreach (var (relation, target) in new[] { ("up", Up), ("next", Next) })
        {
            if (target is not null)
            {
                response.Headers.Append("Link", string.Create(CultureInfo.InvariantCulture, $"<{target}>;rel=\"{relation}\""));
            }
        }

        if (RetryAfter is not null)
        {
            response.Headers.RetryAfter = RetryAfter;
        }

        return Reply.Json(response, body, type);
    }
}
