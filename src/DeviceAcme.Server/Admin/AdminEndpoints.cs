using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Protocol.Admin;

namespace DeviceAcme.Server.Admin;

/// <summary>Every route of the admin listener. All of them need the token: the check stands before the routes.</summary>
internal static class AdminEndpoints
{
    /// <summary>Few bodies of this listener need more.</summary>
    private const int MaximumBodyBytes = 8 * 1024;

    public static void AddAdmin(this IServiceCollection services, ServerOptions options)
    {
        services.AddSingleton(_ => AdminToken.ReadOrMake(options.DataDirectory));
        services.AddSingleton<ExternalAccountKeys>();
    }

    public static void MapAdmin(this IEndpointRouteBuilder routes)
    {
        var keys = routes.MapGroup("/admin/v1/external-account-keys");
        keys.MapGet("", ListKeys);
        keys.MapPost("", AddKey);
        keys.MapDelete("/{keyId}", RemoveKey);
        routes.MapEvidence();
        routes.MapExplain();
        routes.MapAnchors();
    }

    /// <summary>Nobody gets in without the token, also where there is no route.</summary>
    public static void UseAdminToken(this IApplicationBuilder app) =>
        app.Use((context, next) =>
        {
            var token = context.RequestServices.GetRequiredService<AdminToken>();
            if (token.IsIn(context.Request.Headers.Authorization))
            {
                return next(context);
            }

            context.Response.Headers.WWWAuthenticate = "Bearer";
            throw Problems.Unauthorized("admin-token-missing", $"Authorization: expected 'Bearer' and the token in the data directory's {RunningServer.TokenFileName}", StatusCodes.Status401Unauthorized);
        });

    private static async Task ListKeys(HttpContext context, ExternalAccountKeys keys)
    {
        var list = new ExternalAccountKeyList { Keys = await keys.List(context.RequestAborted) };
        await AdminReply.Write(context, StatusCodes.Status200OK, list, AdminJson.Default.ExternalAccountKeyList);
    }

    private static async Task AddKey(HttpContext context, ExternalAccountKeys keys)
    {
        var wanted = await Read(context.Request, AdminJson.Default.NewExternalAccountKey);
        var made = await keys.Add(wanted, context.RequestAborted);
        await AdminReply.Write(context, StatusCodes.Status201Created, made, AdminJson.Default.ExternalAccountKeyEntry);
    }

    private static async Task RemoveKey(string keyId, HttpContext context, ExternalAccountKeys keys)
    {
        await keys.Remove(keyId, context.RequestAborted);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    /// <summary>The body of a request, as JSON of the expected shape.</summary>
    /// <param name="largest">Most octets that it may have.</param>
    public static async Task<T> Read<T>(HttpRequest request, JsonTypeInfo<T> type, int largest = MaximumBodyBytes)
    {
        if (!request.HasJsonContentType())
        {
            throw Problems.Malformed("content-type", $"Content-Type: expected application/json, found '{request.ContentType}'", StatusCodes.Status415UnsupportedMediaType);
        }

        if (request.ContentLength is not { } length || length > largest)
        {
            throw Problems.Malformed("body-too-large", $"body: expected a Content-Length of at most {largest} bytes", StatusCodes.Status413PayloadTooLarge);
        }

        try
        {
            return await JsonSerializer.DeserializeAsync(request.Body, type, request.HttpContext.RequestAborted)
                ?? throw Problems.Malformed("json-malformed", "body: expected an object, found null");
        }
        catch (JsonException exception)
        {
            throw Problems.Malformed("json-malformed", $"body: {exception.Message}");
        }
    }
}
