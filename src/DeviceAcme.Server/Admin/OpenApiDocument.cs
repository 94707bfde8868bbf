using System.Text.Json.Nodes;
using System.Text.Json.Schema;
using System.Text.Json.Serialization.Metadata;
using DeviceAcme.Protocol.Admin;
using DeviceAcme.Core.Administration;
using DeviceAcme.Protocol.Acme;
using Microsoft.AspNetCore.Routing.Patterns;

namespace DeviceAcme.Server.Admin;

/// <summary>The OpenAPI 3.1 document of the admin listener, made from the routes that are mapped: it cannot say something else than they do.</summary>
internal sealed class OpenApiDocument(EndpointDataSource routes)
{
    private static readonly JsonSchemaExporterOptions Exporter = new() { TreatNullObliviousAsNonNullable = true };

    private readonly Lazy<string> _json = new(() => Make(routes.Endpoints.OfType<RouteEndpoint>()).ToJsonString());

    public string Json => _json.Value;

    /// <summary>Writes the document.</summary>
    public static Task Show(HttpContext context, OpenApiDocument document)
    {
        _ = new AdminQuery(context.Request);
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(document.Json, context.RequestAborted);
    }

    private static JsonObject Make(IEnumerable<RouteEndpoint> routes)
    {
        var schemas = new JsonObject();
        var paths = new JsonObject();
        foreach (var route in routes.Where(route => route.Metadata.GetMetadata<RouteDoc>() is not null).OrderBy(route => route.RoutePattern.RawText, StringComparer.Ordinal))
        {
            var path = "/" + string.Join('/', route.RoutePattern.PathSegments.Select(Segment));
            if (paths[path] is not JsonObject item)
            {
                paths[path] = item = [];
            }

            foreach (var method in route.Metadata.GetRequiredMetadata<HttpMethodMetadata>().HttpMethods)
            {
                item[method.ToLowerInvariant()] = Operation(route, schemas);
            }
        }

        Reference(AcmeJson.Default.Problem, schemas);
        return new JsonObject
        {
            ["openapi"] = "3.1.0",
            ["info"] = new JsonObject
            {
                ["title"] = "DeviceAcme administration",
                ["version"] = "1",
                ["description"] = "Every refusal is a problem document (RFC 9457) with a stable reason code. Times are RFC 3339. x-roles says who may call a route; "
                    + "x-limited says whether those may who are limited to profiles.",
            },
            ["security"] = new JsonArray(new JsonObject { ["token"] = new JsonArray() }, new JsonObject { ["certificate"] = new JsonArray() }),
            ["paths"] = paths,
            ["components"] = new JsonObject
            {
                ["schemas"] = schemas,
                ["securitySchemes"] = new JsonObject
                {
                    ["token"] = new JsonObject { ["type"] = "http", ["scheme"] = "bearer", ["description"] = "an API token of this server, or a JWT of the OIDC provider that it trusts" },
                    ["certificate"] = new JsonObject { ["type"] = "mutualTLS", ["description"] = "a client certificate of the CA that it trusts" },
                },
            },
        };
    }

    private static JsonObject Operation(RouteEndpoint route, JsonObject schemas)
    {
        var doc = route.Metadata.GetRequiredMetadata<RouteDoc>();
        var allowed = route.Metadata.GetMetadata<AllowedTo>();
        var success = new JsonObject { ["description"] = doc.Summary };
        if (doc.Answer is not null || doc.Status == StatusCodes.Status200OK)
        {
            success["content"] = Content(doc.MediaType, Schema(doc.Answer, schemas));
        }

        var operation = new JsonObject
        {
            ["summary"] = doc.Summary,
            ["x-roles"] = new JsonArray([.. AdminRoleNames.Of(allowed?.Roles ?? AdminRoles.None).Select(role => (JsonNode)role)]),
            ["x-limited"] = allowed?.Limited == LimitedCallers.WithinTheirProfiles,
            ["parameters"] = Parameters(route, doc),
            ["responses"] = new JsonObject
            {
                [doc.Status.ToString(System.Globalization.CultureInfo.InvariantCulture)] = success,
                ["default"] = new JsonObject { ["description"] = "a refusal", ["content"] = Content("application/problem+json", Reference(AcmeJson.Default.Problem, schemas)) },
            },
        };
        if (route.Metadata.GetMetadata<TakenBody>() is { } body)
        {
            operation["requestBody"] = new JsonObject { ["required"] = true, ["content"] = Content(body.MediaType, Schema(body.Type, schemas)) };
        }

        return operation;
    }

    private static JsonArray Parameters(RouteEndpoint route, RouteDoc doc)
    {
        var parameters = new JsonArray();
        foreach (var parameter in route.RoutePattern.Parameters)
        {
            Add(parameter.Name, "path", true);
        }

        foreach (var name in doc.Query)
        {
            Add(name, "query", false);
        }

        if (route.Metadata.GetRequiredMetadata<HttpMethodMetadata>().HttpMethods.Contains(HttpMethods.Post))
        {
            Add(IdempotencyKeys.Header, "header", false);
        }

        return parameters;

        void Add(string name, string place, bool required) =>
            parameters.Add((JsonNode)new JsonObject { ["name"] = name, ["in"] = place, ["required"] = required, ["schema"] = new JsonObject { ["type"] = "string" } });
    }

    private static JsonObject Content(string mediaType, JsonNode schema) => new() { [mediaType] = new JsonObject { ["schema"] = schema } };

    private static JsonObject Schema(Func<AdminJson, JsonTypeInfo>? type, JsonObject schemas) =>
        type is null ? new JsonObject { ["type"] = "string" } : Reference(type(AdminJson.Default), schemas);

    private static JsonObject Reference(JsonTypeInfo type, JsonObject schemas)
    {
        var name = type.Type.IsGenericType ? "ListOf" + type.Type.GetGenericArguments()[0].Name : type.Type.Name;
        if (!schemas.ContainsKey(name))
        {
            var schema = type.GetJsonSchemaAsNode(Exporter);
            Rebase(schema, "#/components/schemas/" + name);
            schemas[name] = schema;
        }

        return new JsonObject { ["$ref"] = "#/components/schemas/" + name };
    }

    // the exporter refers to places within one schema; here many stand in one document
    private static void Rebase(JsonNode? node, string place)
    {
        if (node is JsonArray list)
        {
            foreach (var item in list)
            {
                Rebase(item, place);
            }
        }
        else if (node is JsonObject members)
        {
            foreach (var (name, value) in members.ToList())
            {
                if (name == "$ref" && value is JsonValue reference && reference.GetValue<string>() is ['#', .. var rest])
                {
                    members[name] = place + rest;
                }
                else
                {
                    Rebase(value, place);
                }
            }
        }
    }

    private static string Segment(RoutePatternPathSegment segment) =>
        string.Concat(segment.Parts.Select(part => part switch
        {
            RoutePatternLiteralPart literal => literal.Content,
            RoutePatternParameterPart parameter => $"{{{parameter.Name}}}",
            _ => "",
        }));
}
