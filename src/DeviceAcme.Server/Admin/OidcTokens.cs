using System.Text.Json;
using DeviceAcme.Core.Administration;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Protocols;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Microsoft.IdentityModel.Tokens;

namespace DeviceAcme.Server.Admin;

/// <summary>Whose token of an OIDC provider it is (<c>--admin-oidc-issuer</c>): signature, issuer, audience, time, then the role claim.</summary>
internal sealed partial class OidcTokens : IDisposable
{
    /// <summary>Clocks of providers differ by this much.</summary>
    private static readonly TimeSpan Skew = TimeSpan.FromMinutes(1);

    /// <summary>No symmetric ones: the key of those would be the provider's client secret.</summary>
    private static readonly string[] Algorithms =
    [
        SecurityAlgorithms.RsaSha256, SecurityAlgorithms.RsaSha384, SecurityAlgorithms.RsaSha512, SecurityAlgorithms.RsaSsaPssSha256, SecurityAlgorithms.RsaSsaPssSha384,
        SecurityAlgorithms.RsaSsaPssSha512, SecurityAlgorithms.EcdsaSha256, SecurityAlgorithms.EcdsaSha384, SecurityAlgorithms.EcdsaSha512,
    ];

    private readonly ServerOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<OidcTokens> _log;
    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false }) { Timeout = TimeSpan.FromSeconds(10), MaxResponseContentBufferSize = 1024 * 1024 };
    private readonly ConfigurationManager<OpenIdConnectConfiguration>? _provider;
    private readonly JsonWebTokenHandler _handler = new() { MapInboundClaims = false };

    public OidcTokens(ServerOptions options, TimeProvider time, ILogger<OidcTokens> log)
    {
        (_options, _time, _log) = (options, time, log);
        if (options.AdminOidcIssuer is { } issuer)
        {
            _provider = new ConfigurationManager<OpenIdConnectConfiguration>(
                issuer.AbsoluteUri.TrimEnd('/') + "/.well-known/openid-configuration",
                new OpenIdConnectConfigurationRetriever(),
                new HttpDocumentRetriever(_http) { RequireHttps = !issuer.IsLoopback });
        }
    }

    /// <summary>A JWT and no token of this server.</summary>
    public static bool Looks(string token) => token.StartsWith("eyJ", StringComparison.Ordinal) && token.Count(letter => letter == '.') == 2;

    public async Task<Identification> Identify(string token, CancellationToken cancellation)
    {
        if (_provider is null)
        {
            return Identification.Refused("admin-jwt-unexpected", "Authorization: this is a JWT, and no OIDC provider is trusted here");
        }

        TokenValidationResult result;
        try
        {
            result = await Validate(token, cancellation);
            if (result.Exception is SecurityTokenSignatureKeyNotFoundException)
            {
                // the provider may have new keys; how often they are fetched is bounded there
                _provider.RequestRefresh();
                result = await Validate(token, cancellation);
            }
        }
        catch (Exception exception) when (exception is InvalidOperationException or IOException or HttpRequestException)
        {
            Unreachable(_log, _options.AdminOidcIssuer!, exception.Message);
            return Identification.Refused("admin-oidc-unreachable", "Authorization: the OIDC provider's keys cannot be fetched; the server's log says why");
        }

        return result.IsValid ? Judge(result) : Refusal(result.Exception);
    }

    public void Dispose() => _http.Dispose();

    private async Task<TokenValidationResult> Validate(string token, CancellationToken cancellation)
    {
        var configuration = await _provider!.GetConfigurationAsync(cancellation);
        return await _handler.ValidateTokenAsync(token, new TokenValidationParameters
        {
            ValidIssuers = [_options.AdminOidcIssuer!.OriginalString, configuration.Issuer],
            ValidAudience = _options.AdminOidcAudience,
            IssuerSigningKeys = configuration.SigningKeys,
            ValidAlgorithms = Algorithms,
            RequireSignedTokens = true,
            RequireExpirationTime = true,
            LifetimeValidator = (from, until, _, _) => IsNow(from, until),
        });
    }

    private bool IsNow(DateTime? from, DateTime? until)
    {
        var now = _time.GetUtcNow().UtcDateTime;
        return until is not null && now < until + Skew && (from is null || now >= from - Skew);
    }

    private Identification Judge(TokenValidationResult result)
    {
        if (!result.Claims.TryGetValue(JwtRegisteredClaimNames.Sub, out var subject) || subject is not string { Length: > 0 and <= 128 } name || name.Any(char.IsControl))
        {
            return Identification.Refused("admin-jwt-invalid", "Authorization: sub: expected 1 to 128 printable characters");
        }

        var values = result.Claims.TryGetValue(_options.AdminOidcRoleClaim, out var claim) ? Values(claim) : [];
        var grants = _options.AdminOidcRoles.Count > 0
            ? _options.AdminOidcRoles.Where(grant => values.Contains(grant.Name))
            : AdminRoleNames.All.Where(role => values.Contains(role.Key)).Select(role => new AdminGrant(role.Key, role.Value, null));
        return AdminGrant.Together($"oidc:{name}", grants) is { } caller
            ? Identification.Of(caller)
            : Identification.Refused("admin-jwt-without-role", $"Authorization: {_options.AdminOidcRoleClaim}: no role here is given to any of its values", new AdminCaller($"oidc:{name}", AdminRoles.None));
    }

    private static IReadOnlyList<string> Values(object claim) => claim switch
    {
        string one => [one],
        JsonElement { ValueKind: JsonValueKind.Array } list => [.. list.EnumerateArray().Where(item => item.ValueKind == JsonValueKind.String).Select(item => item.GetString()!)],
        IEnumerable<object> list => [.. list.OfType<string>()],
        _ => [],
    };

    private static Identification Refusal(Exception? exception) => exception switch
    {
        SecurityTokenInvalidLifetimeException or SecurityTokenExpiredException or SecurityTokenNotYetValidException or SecurityTokenNoExpirationException =>
            Identification.Refused("admin-jwt-expired", "Authorization: the JWT is not good at this time"),
        SecurityTokenInvalidAudienceException => Identification.Refused("admin-jwt-audience", "Authorization: the JWT is for another audience than --admin-oidc-audience"),
        SecurityTokenInvalidIssuerException => Identification.Refused("admin-jwt-issuer", "Authorization: the JWT is of another issuer than --admin-oidc-issuer"),
        _ => Identification.Refused("admin-jwt-invalid", "Authorization: the JWT is not signed by a key of the OIDC provider with an algorithm that is accepted, or cannot be read"),
    };

    [LoggerMessage(LogLevel.Warning, "the OIDC provider {Issuer} does not tell its keys: {Reason}")]
    private static partial void Unreachable(ILogger log, Uri issuer, string reason);
}
